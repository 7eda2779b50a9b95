"""Leavings: what a stranger's forward or backward puts into an attribute instead of returning it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from mtorch.debug.strangers import pairing
from mtorch.debug.strangers.places import Place, arrays_in, get
from mtorch.debug.strangers.seen import Seen, arrays_after, arrays_of, originals
from mtorch.layers.base import Array

OUTPUTS = ("output", "outputs", "out", "y", "a", "activation", "activations", "result", "z", "probs", "value")
"""What people call the attribute that has the output, the likelier first."""
INPUTS = ("input", "inputs", "x", "in", "prev", "previous")
"""What the gradient of the input is called after, where it isn't called as forward's argument is."""


def output_of(node: Seen) -> Place | None:
    """Where a forward that returned nothing left its output; None where it isn't told."""
    found = [p for p in made_new(node, node.twin, arrays_of(node.layer, node)) if len(p) == 1]
    named = [p for name in OUTPUTS for p in found if str(p[0][1]).lower() == name]
    return named[0] if named else found[0] if len(found) == 1 else None


def input_gradients(node: Seen, before: Seen) -> dict[str, Place]:
    """By the input's name, where a backward that returned nothing left its gradient."""
    taken = {p.gradient for p in node.owned} | {p.place for p in node.owned}
    made = made_new(node, node.copy, arrays_after(node), originals(node.afterwards))
    free = [p for p in made if len(p) == 1 and p not in taken]
    found: dict[str, Place] = {}
    for name, x in zip(before.names, before.leaves, strict=True):
        called = {name.lower(), *(INPUTS if len(before.names) == 1 else ())}
        keys = {pairing.key((("attr", word),)) for word in called | set(before.called)}
        fitting = [p for p in free if keys & pairing.gradient_keys(p) and get(node.after, p).shape == x.shape]
        if len(fitting) == 1:
            found[name] = fitting[0]
    return found


def made_new(
    node: Seen, before: object, after: Mapping[Place, Array], copied: Mapping[int, int] = MappingProxyType({})
) -> Iterable[Place]:
    """The arrays of floats that a call has put where they are, and that it was not given.

    `copied` has the ids of what the arrays are copies of, by their own.
    """
    old = arrays_in(before)
    for place, array in after.items():
        given = copied.get(id(array), id(array)) in node.ids
        if array.dtype.kind == "f" and not given and not same(old.get(place), array):
            yield place


def same(a: Array | None, b: Array) -> bool:
    return a is not None and a.shape == b.shape and a.tobytes() == b.tobytes()
