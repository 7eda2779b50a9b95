"""A generic point: zeros and first calls hide faults, so a call is made again where nothing is special."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtorch.debug.derivatives import Derivative, directions_for, rms
from mtorch.debug.diagnosis.hypotheses.case import near
from mtorch.debug.events import Address, Call, as_arguments
from mtorch.debug.gradcheck import GENERIC, Judged, check_call, slopes
from mtorch.debug.naming import input_gradients
from mtorch.debug.tracer import kept, zero_gradients
from mtorch.debug.twins import twin
from mtorch.layers.base import Array
from mtorch.naming import paths

JITTER = 0.5
"""Noise in shares of a tensor's root mean square; of what is zero everywhere, as if that were 1."""


def check_generic(address: Address, event: int, call: Call) -> Judged:
    """The checks of the same layer at a generic point that fail there; its earlier call there was the recorded one.

    Only of layers that stand on their own: a copy must give the gradients that were recorded, which it doesn't
    where others have a hand in the call. Nothing is said where the layer raises there or is not finite.
    """
    try:
        found = moved(call)
        if found is None or surely_right(found):
            return []
        results = check_call(replace(address, t=None), event, found)
    except Exception:  # a stranger's layer may refuse such numbers in any way it likes
        return []
    return [(replace(c, method=f"{c.method}, {GENERIC}"), evidence) for c, evidence in results if c.ok is False]


def surely_right(call: Call) -> bool:
    """Whether all gradients agree with the complex step along one direction: cheap, and seldom by mistake."""
    derivative = Derivative(call)
    for slot in derivative.slots():
        if slot not in call.gradients:
            continue
        directions = directions_for(derivative.value(slot))[:1]
        true = derivative.by_complex_step(slot, directions, call.grad_output)
        gradient = call.gradients[slot]
        if gradient.shape != directions[0].shape or not near(slopes(gradient, directions), true):
            return False
    return True


def moved(call: Call) -> Call | None:
    """The call made a second time, by a copy of the layer, with noise on its inputs and on all parameters."""
    layer = twin(call.layer)
    first = answered(layer, call.inputs, call.grad_output, call)
    if not all(agree(first.get(slot), gradient) for slot, gradient in call.gradients.items()):
        return None
    rng = np.random.default_rng(0)
    for _, inner in paths(layer):
        inner.parameters = {name: jittered(p, rng) for name, p in inner.parameters.items()}
    inputs = tuple(jittered(x, rng) for x in call.inputs)
    before = twin(layer)
    grad_output = rng.standard_normal(call.grad_output.shape)
    output = Derivative(replace(call, layer=before, inputs=inputs)).output()
    gradients = answered(layer, inputs, grad_output, call)
    if not all(np.isfinite(a).all() for a in (output, *gradients.values())):
        return None
    return replace(call, layer=before, inputs=inputs, grad_output=grad_output, gradients=gradients)


def answered(layer: object, inputs: tuple[Array, ...], grad_output: Array, call: Call) -> dict[str, Array]:
    """The gradients that a layer's forward and backward give, by slot."""
    zero_gradients(layer)
    layer.forward(*as_arguments([np.array(x) for x in inputs], call.spread))  # type: ignore[attr-defined]
    result = layer.backward(np.array(grad_output))  # type: ignore[attr-defined]
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    return {**kept(layer.gradients), **own}  # type: ignore[attr-defined]


def agree(a: Array | None, b: Array) -> bool:
    return a is not None and a.shape == b.shape and (near(a, b) or not (a.any() or b.any()))


def jittered(value: Array, rng: np.random.Generator) -> Array:
    """With noise of the value's own scale; whole numbers as they are."""
    if value.dtype.kind != "f":
        return value
    return value + JITTER * (rms(value) or 1.0) * rng.standard_normal(value.shape)
