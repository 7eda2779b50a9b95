"""Outcome: what came of a backward: which arrays are the gradients of what, by what it returned and left."""

from __future__ import annotations

import re

import numpy as np

from mtorch.debug.strangers.copies import duplicate
from mtorch.debug.strangers.leaves import numbers
from mtorch.debug.strangers.leavings import input_gradients
from mtorch.debug.strangers.owning import found_by, is_any, keys, within
from mtorch.debug.strangers.places import get, put
from mtorch.debug.strangers.quiet import quietly
from mtorch.debug.strangers.seen import Seen
from mtorch.debug.strangers.stranger import Parameter
from mtorch.layers.base import Array


def settle(node: Seen, before: Seen, known: dict[int, tuple[Parameter, ...]], unclear: list[str]) -> None:
    """Of a backward, fill in `owned`, the parameters that it made gradients of, their `contributions`, and `given`, the
    gradients that it returned or left. `known` are the parameters of layers, by id, so far.
    """
    node.given = numbers(node.result)
    node.owned = found_by(known, unclear, node, before)
    taken = {p.name for p in node.owned}
    node.owned += tuple(p for p in within(node) if p.name not in taken)
    node.updated = {p.name: np.asarray(get(node.after, p.place)) for p in node.owned if p.lr is not None}
    if not node.given:
        node.left = input_gradients(node, before)
        node.given = [(name, np.asarray(get(node.after, place))) for name, place in node.left.items()]
    for name, array in node.given:
        node.tensors[f"returned{name}"] = array
    node.contributions = contributed(node)
    for p in node.owned:
        old, new = get(before.twin, p.place), get(node.after, p.place)
        if p.lr is not None and isinstance(old, np.ndarray) and np.shape(old) == np.shape(new):
            node.contributions[p.name] = np.asarray(old - new) / p.lr
    node.tensors.update({f"grad_{name}": array for name, array in node.contributions.items()})


def contributed(node: Seen) -> dict[str, Array]:
    """What a backward adds to the gradients that it leaves, by their parameters' names.

    Where there were some before it, that is what a copy that has zeros there ends up with; nothing where it can't.
    """
    places = {p.name: p.gradient for p in node.owned if p.gradient is not None}
    source = node.after
    if any(is_any(get(node.copy, place)) for place in places.values()):
        memo: dict[int, object] = {}
        source, (args, kwargs) = duplicate((node.copy, node.again), memo)
        try:
            for place in places.values():
                if isinstance(array := get(source, place), np.ndarray):
                    put(source, place, np.zeros_like(array))
            with quietly(type(node.layer)):
                source.backward(*args, **kwargs)
        except Exception:  # a copy may not stand on its own
            return {}
    arrays = {name: get(source, place) for name, place in places.items()}
    return {name: np.asarray(array) for name, array in arrays.items() if isinstance(array, np.ndarray)}


def slots_of(node: Seen, before: Seen) -> list[str | None]:
    """Of each array that backward returned, the input or the parameter that it is the gradient of."""
    free = dict(zip(before.names, before.leaves, strict=True))
    returned = {p.name: p for p in node.owned if p.gradient is None and p.lr is None}
    slots: list[str | None] = []
    if node.left:
        return [*node.left]
    counted = {p.returned: p.name for p in node.owned if p.returned is not None}
    for name in counted.values():
        del returned[name]
    for number, (name, array) in enumerate(node.given):
        if number in counted:
            slots.append(counted[number])
            continue
        word = name.rpartition(".")[2]
        key = next((p for p in returned if (p.lower(),) in keys(word)), None)
        if key is None and not any((p.name.lower(),) in keys(word) for p in node.owned):
            called = [n for n in free if (re.findall(r"\w+", n)[-1].lower(),) in keys(word)]
            alike = [n for n, x in free.items() if x.shape == array.shape]
            key = next(iter(called or alike), None)
        ready = any(np.array_equal(array, g) for g in node.contributions.values())
        if key is None and len(node.given) == 1 and len(free) == 1 and not ready:
            key = next(iter(free))  # of the wrong shape, then
        free.pop(key or "", None)
        returned.pop(key or "", None)
        slots.append(key)
    return slots
