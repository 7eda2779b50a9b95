"""Names of what goes in and out of a layer.

A slot is what a gradient belongs to: "#0", "#1", … are a call's inputs, any other a parameter of that name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.layers.base import Array


def is_input(slot: str) -> bool:
    return slot.startswith("#")


def position(slot: str) -> int:
    """Which of the inputs a slot stands for."""
    return int(slot[1:])


def numbered(name: str, count: int) -> tuple[str, ...]:
    return (name,) if count == 1 else tuple(f"{name}[{i}]" for i in range(count))


def arrays_of(value: Any) -> tuple[Array, ...]:
    """What goes into or comes out of a layer, one array or several, copied; nothing for None."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return tuple(np.array(part) for part in parts if part is not None)


def arrays_of_arguments(args: tuple[Any, ...]) -> tuple[tuple[Array, ...], bool]:
    """The arrays that a call was given, and whether they were arguments of their own."""
    return (arrays_of(args), True) if len(args) > 1 else (arrays_of(args[0]), False)


def grad_input_slots(layer: Any, count: int) -> list[tuple[str, str]]:
    """Of each of the `count` gradients that backward returns: its name, and its input's slot."""
    known = layer.grad_input_names
    names = known if len(known) == count else numbered("grad_input", count)
    found = []
    for number, name in enumerate(names):
        bare = name.removeprefix("grad_")
        found.append((name, f"#{layer.input_names.index(bare) if bare in layer.input_names else number}"))
    return found


def input_gradients(layer: Any, result: Any) -> dict[str, tuple[str, Array]]:
    """What a backward call returned: of each input, by slot, the gradient's name and value."""
    arrays = arrays_of(result)
    slots = grad_input_slots(layer, len(arrays))
    return {slot: (name, array) for (name, slot), array in zip(slots, arrays, strict=True)}
