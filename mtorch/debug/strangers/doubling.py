"""Doubling: a call in single precision made again in double precision, where the layer's code goes along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import rms
from mtorch.debug.events import Call, Trace
from mtorch.debug.naming import input_gradients
from mtorch.debug.strangers.places import arrays_in, put
from mtorch.debug.strangers.stranger import Stranger
from mtorch.debug.tracer import zero_gradients
from mtorch.debug.twins import twin
from mtorch.layers.base import Array

TOLERANCE, LEAST = 1e-5, 1e-4
"""What a call in double precision is held to."""
NEAR = 1e-2
"""How far off the recorded gradients may be, as a share of theirs: single precision's rounding adds up."""


def in_double(trace: Trace) -> Trace:
    """The trace, with the calls that are checked in double precision where that can be had."""
    if all(e.call is None or e.call.tolerance <= TOLERANCE for e in trace.events):
        return trace
    return replace(trace, events=tuple(replace(e, call=doubled(e.call)) if e.call else e for e in trace.events))


def doubled(call: Call) -> Call:
    """The call by a copy all of whose arrays are in double precision; as it is, where that gives something else."""
    if call.tolerance <= TOLERANCE:
        return call
    try:
        before = cast(call.layer)
        inputs, grad_output = tuple(wide(x) for x in call.inputs), wide(call.grad_output)
        layer = twin(before)
        zero_gradients(layer)
        output = layer.forward(*(np.array(x) for x in inputs))
        result = layer.backward(np.array(grad_output))
        own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
        found = {**layer.gradients, **own}
        gradients = {slot: np.array(found[slot]) for slot in call.gradients}
    except Exception:  # a stranger's layer may refuse anything
        return call
    wider = np.asarray(output).dtype == np.float64 and all(g.dtype == np.float64 for g in gradients.values())
    if not wider or not all(close(gradients[slot], gradient) for slot, gradient in call.gradients.items()):
        return call
    made = replace(call, layer=before, inputs=inputs, grad_output=grad_output, gradients=gradients)
    return replace(made, tolerance=TOLERANCE, least=LEAST)


def cast(layer: Stranger) -> Stranger:
    """A copy with double precision's arrays in place of single precision's; an array at several places stays one."""
    made: Stranger = twin(layer)
    known: dict[int, Array] = {}
    for place, array in arrays_in(made.target).items():
        if array.dtype.kind == "f":
            put(made.target, place, known.setdefault(id(array), wide(array)))
    made.call = replace(made.call, constants={n: wide(array) for n, array in made.call.constants.items()})
    made.updated = {name: wide(array) for name, array in made.updated.items()}
    return made


def wide(array: Any) -> Array:
    """In double precision, if it is of floats."""
    found: Array = array.astype(np.float64) if array.dtype.kind == "f" else array
    return found


def close(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(rms(a - b) <= NEAR * max(rms(a), rms(b)))
