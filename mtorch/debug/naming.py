"""Names: of the layers inside a model, such as rnn.tanh, and of what goes in and out of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.layers.base import Array


def label(layer: Any) -> str:
    """A layer's own name, or its class's: lower case, without the digit of Linear2."""
    name = getattr(layer, "name", None)
    return name if isinstance(name, str) and name else type(layer).__name__.lower().rstrip("0123456789")


def paths(root: Any) -> list[tuple[str, Any]]:
    """(path, layer) of the root ("") and all within it; siblings of one name are numbered from 1."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()

    def walk(layer: Any, path: str) -> None:
        found.append((path, layer))
        seen.add(id(layer))
        children = list({id(child): child for child in layer.children() if id(child) not in seen}.values())
        names = [label(child) for child in children]
        for number, (child, name) in enumerate(zip(children, names, strict=True)):
            own = f"{name}{names[: number + 1].count(name)}" if names.count(name) > 1 else name
            if id(child) not in seen:
                walk(child, f"{path}.{own}" if path else own)

    walk(root, "")
    return found


def numbered(name: str, count: int) -> tuple[str, ...]:
    return (name,) if count == 1 else tuple(f"{name}[{i}]" for i in range(count))


def arrays_of(value: Any) -> tuple[Array, ...]:
    """What goes into or comes out of a layer, one array or several, copied."""
    return tuple(np.array(part) for part in (value if isinstance(value, tuple | list) else (value,)))


def grad_input_slots(layer: Any, count: int) -> list[tuple[str, str]]:
    """Of each of the `count` gradients that backward returns: its name, and the position of its input, "0", "1", …"""
    known = layer.grad_input_names
    names = known if len(known) == count else numbered("grad_input", count)
    found = []
    for number, name in enumerate(names):
        bare = name.removeprefix("grad_")
        found.append((name, str(layer.input_names.index(bare) if bare in layer.input_names else number)))
    return found


def input_gradients(layer: Any, result: Any) -> dict[str, tuple[str, Array]]:
    """What a backward call returned: of each input, by position, the gradient's name and value."""
    arrays = arrays_of(result)
    slots = grad_input_slots(layer, len(arrays))
    return {slot: (name, array) for (name, slot), array in zip(slots, arrays, strict=True)}
