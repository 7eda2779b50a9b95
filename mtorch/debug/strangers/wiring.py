"""Wiring: what an iteration does with gradients that are right: whom they are handed to, how parameters use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.strangers.pairs import LossPair
from mtorch.debug.strangers.places import Place, get
from mtorch.debug.strangers.seen import Seen, everything
from mtorch.debug.strangers.valued import LOSS
from mtorch.debug.tracer import checksum
from mtorch.layers.base import Array
from mtorch.naming import label

SKIPPED = (
    "{f} was called between {e} and {g}, and its backward never was: {e}'s backward was handed the gradient of {f}'s "
    "output, which {g}'s backward returned"
)
KEPT = (
    "{path}'s gradient of {names} still was that of the iteration before, used up by an update, when backward added "
    "to it: it is never reset to zero"
)
RAISED = "{path}'s {name} was changed by {rate:.3g} times its gradient: that raises what {loss} returned"


class Leftovers:
    """What each parameter and its gradient were after the latest backward of their layer, as checksums."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Place], tuple[int, int, int]] = {}

    def added_to(self, node: Seen, iteration: int) -> tuple[str, ...]:
        """The parameters of a backward that is just over whose gradient was added to one that an update had used.

        One that a program changed in between, as momentum does, is none of these.
        """
        found = []
        for p in node.owned:
            if p.gradient is None or p.within:
                continue
            before, after, value = (get(node.copy, p.gradient), get(node.after, p.gradient), get(node.after, p.place))
            if not all(isinstance(array, np.ndarray) for array in (before, after, value)):
                continue
            known = self._known.get((id(node.layer), p.gradient))
            self._known[id(node.layer), p.gradient] = iteration, checksum(after), checksum(value)
            share = node.contributions.get(p.name)
            if known is None or known[0] >= iteration or known[2] == checksum(value) or share is None:
                continue
            if known[1] == checksum(before) and before.any() and share.shape == before.shape == after.shape:
                size = float(np.abs(after).max())
                if np.allclose(after, before + share, rtol=0, atol=1e-6 * size) and share.any():
                    found.append(p.name)
        return tuple(found)


def wired(roots: Sequence[Seen], trace: Trace, report: Report) -> list[Finding]:
    """Warnings about an iteration's wiring. `roots` are its calls, those without a backward, too."""
    events = {id(event.tensors): event.index for event in trace.events}
    nodes = [node for node in everything(list(roots)) if id(node.tensors) in events or node.phase == "forward"]
    right = {(check.event, check.tensor) for check in report.checks if check.ok}
    backs = {id(node): events[id(node.tensors)] for node in nodes if node.phase == "backward"}
    sure = {key: {tensor for index, tensor in right if index == event} for key, event in backs.items()}
    made = (*skipped(nodes, sure), *kept(nodes), *raised(roots, events, report))
    return [
        Finding(cause, "warning", path, tensor, trace.iteration, (), message, evidence, events[id(node.tensors)])
        for node, cause, path, tensor, message, evidence in made
    ]


Remark = tuple[Seen, str, str, str, str, dict[str, Any]]
"""The node that it shows at, the cause, the path, the tensor, the words, the evidence."""


def kept(nodes: Sequence[Seen]) -> Iterator[Remark]:
    """Gradients that are never reset: the first backward of an iteration added to what an update had used."""
    for node in nodes:
        if node.leftover:
            message = KEPT.format(path=node.path, names=" and ".join(node.leftover))
            yield node, "gradients-not-reset", node.path, "gradients", message, {}


def skipped(nodes: Sequence[Seen], right: Mapping[int, set[str]]) -> Iterator[Remark]:
    """Calls whose backward never came, and whose gradient went to the layer before them instead.

    Told by numbers: the output of one is the input of the next, and a gradient is handed on as it was returned. It
    must be a `right` one, whose names these are by the ids of backwards: a loss may give that of what is before a
    softmax, whose backward is left out then.
    """
    backward = {id(node.partner): node for node in nodes if node.phase == "backward" and node.partner is not None}
    made = {digest(array): node for node in nodes if id(node) in backward for array in outputs(node)}
    said: set[str] = set()
    for node in nodes:
        before = next((made[key] for x in node.leaves if (key := digest(x)) in made), None)
        if node.phase != "forward" or node.had_backward or before is None or node.path in said:
            continue
        given = {digest(array) for array in outputs(node)}
        handed = {digest(grad) for grad in backward[id(before)].grads}
        for after in nodes:
            names = [name for name, x in zip(after.names, after.leaves, strict=False) if digest(x) in given]
            back = backward.get(id(after))
            returned = {f"grad_{name}" for name in names} & right.get(id(back), set())
            gradients = [back.tensors[name] for name in returned] if back is not None else []
            if any(gradient.any() and digest(gradient) in handed for gradient in gradients):
                said.add(node.path)
                message = SKIPPED.format(f=node.path, e=before.path, g=after.path)
                yield backward[id(before)], "missing-backward", node.path, "gradients", message, {}
                break


def outputs(node: Seen) -> list[Array]:
    """What a forward returned, without what it was given, as in a cache."""
    given = {digest(x) for x in node.leaves}
    return [array for _, array in node.given if digest(array) not in given]


def raised(roots: Sequence[Seen], events: dict[int, int], report: Report) -> Iterator[Remark]:
    """Parameters that were moved along their gradient, where that is sure to be the loss's.

    Sure it is where a layer that is called a loss returned a number, its gradient was found right, and all backwards
    were handed what another one returned. Programs that hand on target - output are none of these.
    """
    backs = [n for n in roots if n.phase == "backward" and id(n.tensors) in events]
    first = backs[0] if backs else None
    if first is None or not is_loss(first) or not all(check.ok for check in report.checks):
        return
    known = {digest(array) for name, array in first.tensors.items() if name.startswith("grad_")}
    for node in backs[1:]:
        if not node.grads or not all(digest(grad) in known for grad in node.grads):
            return
        known |= {digest(array) for name, array in node.tensors.items() if name.startswith("grad_")}
    totals: dict[int, tuple[Seen, str, Place, Array]] = {}
    for node in backs[1:]:
        for p in node.owned:
            value = get(node.layer, p.place)
            if p.name in node.contributions:
                total = node.contributions[p.name] + totals.get(id(value), (0, 0, 0, 0.0))[3]
                totals[id(value)] = node, p.name, p.place, total
    for node, name, place, gradient in totals.values():
        assert node.partner is not None
        old, new = get(node.partner.twin, place), get(node.layer, place)
        if not old.shape == new.shape == gradient.shape or gradient.size < 2:
            continue
        delta, limit = np.asarray(new - old), 1e-6 if gradient.dtype.itemsize == 8 else 1e-3
        size = float((gradient**2).sum())
        rate = float((delta * gradient).sum()) / size if size else 0.0
        if rate > 0 and np.abs(delta - rate * gradient).max() <= limit * np.abs(delta).max():
            message = RAISED.format(path=node.path, name=name, rate=rate, loss=first.path)
            yield node, "wrong-sign", node.path, name, message, {"rate": rate}


def is_loss(node: Seen) -> bool:
    """Whether a backward is that of a layer which is called a loss, and returned a number."""
    before = node.partner
    named = isinstance(node.layer, LossPair) or LOSS.search(f"{type(node.layer).__name__} {label(node.layer)}")
    return (
        isinstance(before, Seen)
        and bool(named)
        and not node.grads
        and len(before.given) == 1
        and before.given[0][1].ndim == 0
    )


def digest(array: Array) -> tuple[int, int]:
    """What tells an array's numbers from others', whatever its shape."""
    return array.size, checksum(array)
