"""Mended: a layer with right backwards in place of its inner layers' wrong ones; what is wrong then is its own."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative, Unmeasured
from mtorch.debug.events import Call
from mtorch.debug.naming import arrays_of_arguments, grad_input_slots, input_gradients, position
from mtorch.debug.twins import twin
from mtorch.layers.base import Array
from mtorch.naming import paths

MOST = 20_000
"""Forward calls of inner layers that mending one call may take."""


def mended(call: Call, wrong: Set[str]) -> Call | None:
    """The call as it would be if the layers at the `wrong` paths inside it were right; None where that is too much."""
    if (repair := getattr(call.layer, "repair", None)) is not None:  # a stranger's knows its own way
        return repair(call, wrong)  # type: ignore[no-any-return]
    layer, budget = twin(call.layer), Budget(MOST)
    within = zip(call.inside, paths(layer), strict=True)
    broken = [child for whole, (inner, child) in within if inner and whole in wrong]
    inside_broken = {id(deep) for child in broken for inner, deep in paths(child) if inner}
    for child in broken:
        if id(child) not in inside_broken:
            child.__class__ = made_right(child, call, budget)
    layer.gradients = {name: np.zeros_like(p) for name, p in layer.parameters.items()}
    try:
        layer.forward(*call.arguments)
        result = layer.backward(call.grad_output)
    except Unmeasured:
        return None
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    return replace(call, gradients={**call.gradients, **layer.gradients, **own})


def made_right(layer: Any, call: Call, budget: Budget) -> type:
    """A class for the layer whose backward is the numerical derivative of its forward."""
    cls: Any = type(layer)
    calls: list[tuple[Any, tuple[Array, ...], bool]] = []

    def forward(self: Any, *args: Any) -> Any:
        before = twin(self)
        before.__class__ = cls
        calls.append((before, *arrays_of_arguments(args)))
        return cls.forward(self, *args)

    def backward(self: Any, grad_output: Array) -> Any:
        before, inputs, spread = calls.pop()
        derivative = Derivative(replace(call, layer=before, inputs=inputs, spread=spread), budget)
        known = derivative.slots()
        found = [
            derivative.gradient(slot, grad_output) if slot in known else np.zeros(inputs[position(slot)].shape)
            for _, slot in grad_input_slots(before, len(inputs))
        ]
        if not all(np.isfinite(gradient).all() for gradient in found):
            raise Unmeasured
        return found[0] if len(found) == 1 else tuple(found)

    return type(cls.__name__, (cls,), {"__slots__": (), "forward": forward, "backward": backward})
