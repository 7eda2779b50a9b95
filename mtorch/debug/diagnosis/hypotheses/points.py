"""Hypotheses about the point: the right derivative, taken where the layer was not."""

from __future__ import annotations

import numpy as np

from mtorch.debug.diagnosis.hypotheses.case import Case, Guess
from mtorch.debug.gradcheck import slopes
from mtorch.debug.naming import input_gradients, is_input, position
from mtorch.debug.tracer import zero_gradients
from mtorch.debug.twins import twin
from mtorch.layers.base import Array


def at_output(case: Case) -> Guess | None:
    """The derivative at the layer's output, as if that had been the input."""
    inputs = case.call.inputs
    if len(inputs) != 1 or inputs[0].shape != case.output.shape:
        return None
    if not case.fits(case.slopes(inputs=(case.output,))):
        return None
    said = "is the derivative at the layer's output: backward applies to what came out what belongs to what went in"
    return Guess("derivative-at-output", said, {"point": "output"})


def earlier_call(case: Case) -> Guess | None:
    """The derivative at an array that the layer already held before this call's forward."""
    for name, array in vars(case.layer).items():
        for number, x in enumerate(case.call.inputs):
            if not isinstance(array, np.ndarray) or array.shape != x.shape or array.dtype.kind != "f":
                continue
            inputs = (*case.call.inputs[:number], array, *case.call.inputs[number + 1 :])
            if case.fits(case.slopes(inputs=inputs)):
                said = f"is the derivative at what {name} held before this call: backward uses an earlier call's input"
                return Guess("stale-cache", said, {"attribute": name, "matches": "an earlier call"})
    return None


def after_update(case: Case) -> Guess | None:
    """The derivative for the parameters as the backward's own update left them."""
    updated = getattr(case.layer, "updated", {})
    if not updated:
        return None
    layer = twin(case.layer)
    layer.parameters = {**layer.parameters, **updated}
    if not case.fits(case.slopes(layer=layer)):
        return None
    names = " and ".join(updated)
    said = f"is the derivative for {names} as backward's own update left them: it updates them before it uses them"
    return Guess("wrong-tensor", said, {"is_tensor": names, "point": "after the update"})


def changed_between(case: Case) -> Guess | None:
    """Right when a twin computes it alone, and what the layer had saved was changed between forward and backward;
    or the derivative of the layer as its forward left it, which differs from what its forward worked with.
    """
    for name in case.trace.events[case.check.event].mutated:
        alone = by_itself(case)
        if alone is not None and np.allclose(alone, case.found.numerical, rtol=1e-6):
            said = (
                f"is wrong because {name}, which its forward saved, was changed in place before its backward; "
                "computed by an untouched copy it is right"
            )
            return Guess("mutated-cache", said, {"attribute": name})
    left = twin(case.layer)
    left.forward(*twin_arguments(case))
    moved = [name for name, buffer in case.layer.buffers.items() if not np.array_equal(buffer, left.buffers[name])]
    if is_input(case.slot) and moved and case.fits(case.slopes(layer=left)):
        said = f"is the derivative for {moved[0]} as the forward left it, and not as it was in the forward"
        return Guess("mutated-cache", said, {"attribute": moved[0]})
    return None


def twin_arguments(case: Case) -> tuple[object, ...]:
    call = case.call
    copies = tuple(np.array(x) for x in call.inputs)
    return copies if call.spread or len(copies) == 1 else (copies,)


def by_itself(case: Case) -> Array | None:
    """The slopes of what the layer's backward gives when nobody else is at work; None where it raises."""
    layer = twin(case.layer)
    zero_gradients(layer)
    try:
        layer.forward(*twin_arguments(case))
        result = layer.backward(np.array(case.call.grad_output))
    except Exception:  # a stranger's layer may depend on its surroundings in any way it likes
        return None
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    gradient = {**layer.gradients, **own}.get(case.slot)
    shape = case.call.inputs[position(case.slot)].shape if is_input(case.slot) else case.recorded.shape
    return slopes(gradient, case.found.directions) if gradient is not None and gradient.shape == shape else None
