"""Owning: which arrays of a stranger's layer are its parameters, and where a backward leaves their gradients."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.strangers import pairing
from mtorch.debug.strangers.arguments import argument_names, defaults, walk
from mtorch.debug.strangers.leaves import numbers
from mtorch.debug.strangers.places import Place, arrays_in, attributes, get, place_of, text
from mtorch.debug.strangers.seen import Seen, arrays_after, everything, originals
from mtorch.debug.strangers.stranger import Parameter
from mtorch.layers.base import Array

RATES = ("lr", "learning_rate", "eta", "alpha", "rate", "step_size", "learningrate")


SMALL = 1000
"""Elements up to which arrays are the quickest compared as bytes."""


def found_by(
    known: dict[int, tuple[Parameter, ...]], unclear: list[str], node: Seen, before: Seen
) -> tuple[Parameter, ...]:
    """The layer's parameters whose gradients this backward left, or returned."""
    target = node.layer
    if ready := known.get(id(target)):
        return ready
    was, old, now = arrays_in(before.twin), arrays_in(node.copy), arrays_after(node)
    changed = {p: a for p, a in now.items() if is_floats(a) and (p not in old or differs(old[p], a))}
    steady = {
        p: a for p, a in was.items() if p in now and is_floats(a) and a.size and p in old and not differs(a, old[p])
    }
    origins = originals(node.memo)
    parameters = {
        p: a
        for p, a in steady.items()
        if not pairing.about_gradients(p)
        and (p not in changed or not pairing.gradient_keys(p))
        and was_there(node, before, p, origins)
    }
    gradients = {p: a for p, a in changed.items() if pairing.gradient_keys(p) and p not in parameters}
    returned = returned_by(node)
    left = {**gradients, **{k: a for k, a in returned.items() if k not in gradients}}
    pairs = pairing.paired(parameters, left, [p for p in parameters if p in changed])
    unclear += [f"{before.path}: {said}" for said in pairs.unclear]
    names = pairing.names_of(list(pairs.found))
    found = [
        Parameter(names[p], p, None if g in returned and g not in gradients else g) for p, g in pairs.found.items()
    ]
    found += by_shapes(node, before, {p: a for p, a in parameters.items() if p not in pairs.found and p not in changed})
    rate = rate_of(node)
    updated = [p for p in parameters if p in changed and p not in pairs.found and not moved(old, changed[p])]
    found += [Parameter(name, p, None, rate or 1.0, unknown=not rate) for p, name in pairing.names_of(updated).items()]
    known[id(target)] = tuple(found)
    return tuple(found)


def by_shapes(node: Seen, before: Seen, parameters: dict[Place, Array]) -> list[Parameter]:
    """Parameters whose gradients were returned without a name; what has an input's shape is that input's."""
    ways = [steps for part, steps in walk(node.result, ()) if numbers(part) and not numbers_within(part)]
    inputs = [x.shape for x in before.leaves]
    returned: dict[Place, Array] = {}
    order: dict[Place, int] = {}
    for number, (steps, (_, array)) in enumerate(zip(ways, node.given, strict=False)):
        place = (("attr", "returned"), *(("item", step) for step in steps))
        if array.shape in inputs:
            inputs.remove(array.shape)
        elif not (steps and isinstance(steps[-1], str)):
            returned[place], order[place] = array, number
    pairs = pairing.by_shapes(parameters, returned)
    names = pairing.names_of(list(pairs))
    return [Parameter(names[p], p, returned=order[g]) for p, g in pairs.items()]


def numbers_within(value: Any) -> bool:
    return isinstance(value, list | tuple | dict)


def was_there(node: Seen, before: Seen, place: Place, origins: dict[int, int]) -> bool:
    """Whether forward found an array where it is, and was not given it: what it saves may be the same batch again."""
    array = get(node.copy, place)
    original = origins.get(id(array), 0)
    given = any(x.size == array.size and np.array_equal(x.ravel(), array.ravel()) for x in before.leaves)
    stayed = before.memo.get(original) is get(before.twin, place)
    return stayed and original not in before.ids and not (given and array.any())


def within(node: Seen) -> list[Parameter]:
    """The parameters of layers that were called inside: what they end up with is for this layer to answer for."""
    found: dict[int, Parameter] = {}
    for child in everything(node.children):
        if child.phase != "backward" or child.layer is node.layer:
            continue
        way = place_of(node.after, node.afterwards.get(id(child.layer), child.layer))
        for p in child.owned if way is not None else ():
            array = get(node.after, way + p.place)
            if p.gradient is None or not isinstance(array, np.ndarray) or p.within:
                continue
            name = f"{child.path.removeprefix(node.path).lstrip('.')}.{p.name}"
            here = Parameter(name, way + p.place, way + p.gradient)
            other = found.get(id(array), here)
            nearest = min(other, here, key=lambda q: len(q.place))  # whose own it is, where several use it
            users = dict.fromkeys((*other.within, (child.path, p.name)))
            found[id(array)] = replace(nearest, within=tuple(users))
    return [*found.values(), *side_by_side(node, found)]


def side_by_side(node: Seen, known: dict[int, Parameter]) -> list[Parameter]:
    """Gradients in pairs of a parameter and its gradient, as a layer keeps them for an optimiser."""
    found: list[Parameter] = []
    for name, value in attributes(node.after).items():
        for part, steps in walk(value, ()) if isinstance(value, list | tuple) else ():
            if not (isinstance(part, list | tuple) and len(part) == 2 and all(isinstance(x, np.ndarray) for x in part)):
                continue
            p = known.get(id(part[0]))
            if p is not None and part[0].shape == part[1].shape and part[0] is not part[1]:
                place = (("attr", name), *(("item", step) for step in (*steps, 1)))
                found.append(Parameter(f"{p.name} ({text(place)})", p.place, place, None, p.within))
    return found


def returned_by(node: Seen) -> dict[Place, Array]:
    """What a backward returned in dicts, by their keys, as if it had left it in a dict called grads."""
    found: dict[Place, Array] = {}
    for part, steps in walk(node.result, ()):
        if isinstance(part, np.ndarray) and steps and isinstance(steps[-1], str):
            found[(("attr", "grads"), ("item", steps[-1]))] = part
    return found


def rate_of(node: Seen) -> float | None:
    args, kwargs = node.again
    names = argument_names(node.layer, "backward", args)
    given = {**defaults(node.layer, "backward"), **dict(zip(names, args, strict=False))}
    given |= kwargs
    around = vars(sys.modules.get(type(node.layer).__module__, sys))
    own = {**{k: v for k, v in around.items() if k.lower() in RATES}, **attributes(node.after), **given}
    rates = [v for k, v in own.items() if k.lower() in RATES and isinstance(v, int | float) and v]
    return float(rates[-1]) if rates else None


def is_floats(array: Array) -> bool:
    return array.dtype.kind == "f"


def moved(old: Mapping[Place, Array], array: Array) -> bool:
    """Whether it was there before, at another place: what a list has in front was taken out of it."""
    return any(not differs(array, other) for other in old.values())


def is_any(array: Any) -> bool:
    return isinstance(array, np.ndarray) and bool(array.any())


def differs(a: Array, b: Array) -> bool:
    if a.shape != b.shape or a is b or (a.size <= SMALL and a.dtype == b.dtype and a.tobytes() == b.tobytes()):
        return a.shape != b.shape
    return not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc" and b.dtype.kind in "fc")


def keys(word: str) -> set[tuple[str, ...]]:
    return pairing.gradient_keys((("attr", "grads"), ("item", word))) | {(word.lower(),)}
