"""Calls: what a check needs of a backward that was seen, as a call of a layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtorch.debug.events import Call
from mtorch.debug.strangers.arguments import fitting, walk
from mtorch.debug.strangers.guessing import agrees, guessed, losses, rated
from mtorch.debug.strangers.leaves import end_to_end, filled, numbers
from mtorch.debug.strangers.mending import repaired
from mtorch.debug.strangers.outcome import slots_of
from mtorch.debug.strangers.quiet import quietly, used_by
from mtorch.debug.strangers.seen import Seen, everything
from mtorch.debug.strangers.stranger import Backward, Forward, Stranger
from mtorch.debug.strangers.trying import mended
from mtorch.debug.twins import twin
from mtorch.layers.base import Array

DOUBLE, SINGLE = (1e-5, 1e-4), (1e-3, 1e-2)
"""How far off a stranger's gradient may be, and the least size that it counts as having: there is no double precision
to run a float32 program in, and an epsilon within a logarithm is none of the gradient's business.
"""


@dataclass(frozen=True)
class Head:
    """What of a forward's result a backward is the derivative of, from which gradients on, of these `shapes`.

    `guess` where it is handed none, so that the loss has to be found.
    """

    outputs: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    grad_output: Array
    loss: tuple[str, Any] | None = None
    guess: bool = False


def call_of(node: Seen, before: Seen) -> Call | None:
    """A backward and its forward as a call that can be checked; None, with the reason in `why`, where it can't be.

    What isn't called a gradient, and isn't one by its numbers, is tried as targets, too.
    """
    call = built(node, before)
    if not node.doubtful or not node.grads:
        return call
    with quietly(*used_by([call])):
        if call is not None and any(agrees(call, slot) for slot in call.slots):
            return call
    template, grads = node.template, node.grads
    node.template, node.grads = filled(template, grads), []
    other = built(node, before, ("sum",))  # which a backward that ignores what it is handed may seem to be of
    if other is None:
        node.template, node.grads = template, grads
        if call is not None and not linear(call):
            node.why = "what it is handed is not called a gradient, and what comes of it is none"
            return None
    return other or call


def linear(call: Call) -> bool:
    """Whether what comes of no gradient is none, as it is of all backwards but those that are something else."""
    layer: Stranger = twin(call.layer)
    try:
        with quietly(*used_by([call])):
            layer.gradients = {name: np.zeros_like(p) for name, p in layer.parameters.items()}
            layer.forward(*call.arguments)
            result = layer.backward(np.zeros_like(call.grad_output))
    except Exception:  # a stranger's layer may refuse anything
        return True
    return not any(array.any() for _, array in numbers([result, layer.gradients]))


def built(node: Seen, before: Seen, without: tuple[str, ...] = ()) -> Call | None:
    """The call, with a guessed loss or learning rate where one is needed; no loss of the names in `without`."""
    head = head_of(node, before)
    if head is None:
        node.why = "it is handed no gradient"
        return None
    call = assembled(node, before, head)
    if call is None:
        node.why = "no gradient came of it"
        return None
    known: Call | None = call
    if head.guess:
        targets = [np.asarray(x) for x, _ in walk(node.template, ()) if numeric(x)]
        output = before.given[head.outputs[0]][1]
        with quietly(*used_by([call])):
            known = guessed(call, [loss for loss in losses(output, targets) if loss.name not in without])
        if known is None:
            node.why = "it is handed no gradient, and the loss is unknown"
    elif any(p.unknown for p in call.layer.owned):
        with quietly(*used_by([call])):
            known = rated(call)
        if known is None and call.layer.call.inputs:
            known = only_inputs(call)
        if known is None:
            node.why = "its learning rate is unknown"
    return known


def head_of(node: Seen, before: Seen) -> Head | None:
    """None where it is handed no gradient, and nothing that came of its forward can have a loss."""
    outputs = [array for _, array in before.given]
    if node.grads:
        chosen = fitting(outputs, node.grads)
        if chosen is not None:
            return Head(chosen, tuple(g.shape for g in node.grads), end_to_end(node.grads))
        node.template, node.grads = filled(node.template, node.grads), []  # what it was handed is no gradient, then
    if len(outputs) == 1 and outputs[0].ndim == 0:
        return Head((0,), (), np.array(1.0))
    if before.scalar is not None:
        return Head((0,), (), np.array(1.0), before.scalar[:2])
    number = next((n for n, y in enumerate(outputs) if y.dtype.kind == "f"), None)
    return None if number is None else Head((number,), (), np.array(1.0), guess=True)


def assembled(node: Seen, before: Seen, head: Head) -> Call | None:
    """The call, as it was seen; None where no gradient came of it. The node's tensors get their gradients' names."""
    slots = slots_of(node, before)
    gradients: dict[str, Array] = dict(node.contributions)
    names = {name: f"grad_{name}" for name in gradients}
    inputs: dict[str, int] = {}
    for (name, array), slot in zip(node.given, slots, strict=True):
        if slot in before.names:
            names[f"#{len(inputs)}"] = f"grad_{slot}"
            gradients[f"#{len(inputs)}"] = array
            inputs[slot] = before.names.index(slot)
            node.tensors.pop(f"returned{name}", None)
            node.tensors[f"grad_{slot}"] = array
        elif slot is not None:
            gradients[slot], names[slot] = array, f"grad_{slot}"
    if not gradients:
        return None
    constants = {n: array for n, array in enumerate(before.leaves) if n not in inputs.values()}
    left = before.left.get("")
    forward = Forward(before.method, before.template, inputs, constants, head.outputs, head.loss, left)
    back = Backward(node.method, node.template, head.shapes, tuple(slots), tuple(node.left.values()))
    owned = tuple(p for p in node.owned if p.name in gradients)
    assert before.chance is not None
    layer = Stranger(before.twin, forward, back, owned, before.chance, updated=node.updated)
    layer.repair, layer.edit = repaired, mended
    for child in everything(node.children):
        if child.call is not None and child.layer is not node.layer:
            copied = before.memo.get(id(child.layer))
            held = layer.outside if copied is None else layer.inner
            held[child.path] = child.layer if copied is None else copied, child.call.layer
    inside = tuple(dict.fromkeys(n.path for n in everything([before])))
    taken = tuple(before.leaves[n] for n in inputs.values())
    single = any(array.dtype.itemsize < 8 for array in gradients.values())
    return Call(layer, taken, head.grad_output, gradients, names, inside, True, *(SINGLE if single else DOUBLE))


def only_inputs(call: Call) -> Call:
    """The call with what is known of its gradients: not those of parameters that it updates by an unknown rate."""
    owned = tuple(p for p in call.layer.owned if not p.unknown)
    lost = {p.name for p in call.layer.owned if p.unknown}
    known = {slot: gradient for slot, gradient in call.gradients.items() if slot not in lost}
    return replace(call, layer=replace(call.layer, owned=owned), gradients=known)


def numeric(value: Any) -> bool:
    """Whether it may be targets: an array, or a list of numbers."""
    return isinstance(value, np.ndarray) or (
        isinstance(value, list) and bool(value) and all(isinstance(x, int | float | np.number) for x in value)
    )
