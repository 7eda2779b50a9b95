"""Handed: which of the arguments of a backward are gradients, and which are what its forward made, had or was given."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.debug.strangers.arguments import argument_names, is_gradient, parts_of, simple
from mtorch.debug.strangers.leaves import Hole
from mtorch.debug.strangers.places import arrays_in
from mtorch.debug.strangers.seen import Seen, originals
from mtorch.debug.strangers.stranger import Ref

TARGETS = {"y", "t", "y_true", "target", "targets", "label", "labels", "true", "truth", "expected", "actual", "ytrue"}
"""What people call the argument of a backward that is no gradient."""
ELSE = ("desired", "data", "goal", "gold", "ground", "gt", "given", "digits")
"""What begins as gradients' names do, and is none."""


def told_apart(node: Seen, before: Seen) -> None:
    """Of a backward, fill in `template`, its arguments with a hole for each gradient and a Ref for what is its
    forward's, the gradients `grads`, and the `ids` of what it was given.
    """
    args, kwargs = node.again
    live = {id(part): part for part in parts_of(node.live)}  # objects are handed on as they are
    copied = originals(node.memo)

    def original(value: Any) -> int:
        return copied.get(id(value), id(value))

    node.ids = {original(part): None for part in parts_of(node.again)}
    known = {original(array): Ref((), place) for place, array in arrays_in(node.copy).items()}
    known |= {key: Ref((), (), leaf) for key, leaf in before.ids.items() if leaf is not None}
    known |= {id(part): Ref(steps) for part, steps in before.parts if steps or not simple(part)}
    names = argument_names(node.layer, "backward", args)
    wanted = like_gradients(names)
    node.doubtful = not wanted
    likely = set(wanted or [n for n in names[:1] if n.lower() not in TARGETS])
    scalar = len(before.given) == 1 and before.given[0][1].ndim == 0

    def part(value: Any, likely: bool) -> Any:
        if likely and is_gradient(value, scalar) and original(value) not in before.ids:
            node.grads.append(np.array(value, dtype=np.result_type(value, np.float32)))
            return Hole(len(node.grads) - 1, type(value))
        return value if isinstance(value, np.ndarray) else live.get(original(value), value)

    def whole(value: Any, likely: bool) -> Any:
        if original(value) == id(before.result) and likely and wanted and is_gradient(value, scalar):
            return part(value, likely)  # half the squared output's gradient is the output
        if original(value) in known and not simple(value):
            return known[original(value)]
        if isinstance(value, list | tuple):
            made = [whole(inner, likely) for inner in value]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, dict):
            return {key: whole(inner, likely) for key, inner in value.items()}
        return part(value, likely)

    made = [whole(value, name in likely) for name, value in zip(names, args, strict=False)]
    node.template = tuple(made), {key: whole(value, key in likely) for key, value in kwargs.items()}
    single = len(node.grads) == 1
    node.tensors = {"grad_output" if single else f"grad_output[{i}]": grad for i, grad in enumerate(node.grads)}


def like_gradients(names: list[str]) -> list[str]:
    """Those of a backward's arguments that are called as gradients are."""
    called = [n for n in names if n.lower() not in TARGETS and not n.lower().startswith(ELSE)]
    return [n for n in called if n.lower().startswith(("d", "g", "err", "up")) or "grad" in n.lower()]
