"""Forwards: what a forward was given and gave, by name, and what of what it saved was changed before its backward."""

from __future__ import annotations

from mtorch.debug.strangers.arguments import named_leaves
from mtorch.debug.strangers.owning import differs
from mtorch.debug.strangers.places import text
from mtorch.debug.strangers.seen import Seen, arrays_after
from mtorch.debug.tracer import number_time_steps


def named(node: Seen) -> None:
    """Of a forward, fill in the `names` of what it was given, and its `tensors`."""
    node.names = node.called = named_leaves(node.layer, node.method, node.template)
    if len(node.names) == 1:
        node.names = ["input"]
    names = {"": "output"} if len(node.given) == 1 else {}
    node.given = [(names.get(name, f"output{name}"), array) for name, array in node.given]
    node.tensors = {**dict(zip(node.names, node.leaves, strict=True)), **dict(node.given)}
    number_time_steps(node)


def changed(node: Seen, before: Seen) -> tuple[str, ...]:
    """The arrays of a layer whose numbers were others before a backward than after its forward, in the same array."""
    now = {**node.late, **node.memo}
    others = {
        id(copied)
        for array, copied in before.held_copies
        if array.dtype.kind in "fciub" and differs(copied, now[id(array)])
    }
    return tuple(text(place) for place, array in arrays_after(before).items() if id(array) in others) if others else ()
