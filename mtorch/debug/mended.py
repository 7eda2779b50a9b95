"""Mended: a layer with right backwards in place of its inner layers' wrong ones; what is wrong then is its own."""

from __future__ import annotations

import copy
from collections.abc import Set
from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.events import Call
from mtorch.debug.gradcheck import Derivative
from mtorch.debug.naming import arrays_of, grad_input_slots, input_gradients
from mtorch.debug.twins import twin
from mtorch.layers.base import Array
from mtorch.naming import paths

MOST = 100_000
"""Forward calls that mending one inner layer may take."""


class TooMuch(Exception):
    """Mending would take more forward calls than allowed."""


def mended(call: Call, path: str, wrong: Set[str]) -> Call | None:
    """The call as it would be if the layers at the `wrong` paths inside it were right; None where that costs too much.

    Only gradients of the inputs depend on what is inside; those of its own parameters stay as recorded.
    """
    layer = copy.deepcopy(call.layer)
    done: list[str] = []
    for inner, child in paths(layer):
        whole = f"{path}.{inner}" if path and inner else path or inner
        if inner and whole in wrong and not any(whole.startswith(f"{outer}.") for outer in done):
            done.append(whole)
            child.__class__ = made_right(child, call)
    try:
        layer.forward(call.inputs[0] if len(call.inputs) == 1 else call.inputs)
        result = layer.backward(call.grad_output)
    except TooMuch:
        return None
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    return replace(call, gradients={**call.gradients, **own})


def made_right(layer: Any, call: Call) -> type:
    """A class for the layer whose backward is the numerical derivative of its forward."""
    cls: Any = type(layer)
    calls: list[tuple[Any, tuple[Array, ...]]] = []
    spent = 0

    def forward(self: Any, x: Any) -> Any:
        before = twin(self)
        before.__class__ = cls
        calls.append((before, arrays_of(x)))
        return cls.forward(self, x)

    def backward(self: Any, grad_output: Array) -> Any:
        nonlocal spent
        before, inputs = calls.pop()
        derivative = Derivative(replace(call, layer=before, inputs=inputs))
        known = derivative.slots()
        found = []
        for _, slot in grad_input_slots(before, len(inputs)):
            if slot in known:
                spent += derivative.evaluations(slot, grad_output)
                if spent > MOST:
                    raise TooMuch
                found.append(derivative.gradient(slot, grad_output))
            else:
                found.append(np.zeros(inputs[int(slot)].shape))
        return found[0] if len(found) == 1 else tuple(found)

    return type(cls.__name__, (cls,), {"__slots__": (), "forward": forward, "backward": backward})
