"""What is found out at the end of an iteration is what was there when calls were made."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.debug.events import Trace
from mtorch.debug.strangers.instruments import NAMES, Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.layers.base import Array


class Layer:
    """Its gradients are added up, and scaled by whoever uses it."""

    def __init__(self) -> None:
        self.w = np.ones((3, 2))
        self.grads = {"w": np.full((3, 2), 7.0)}
        self.caches: list[Array] = []

    def forward(self, x: Array) -> Array:
        self.caches.append(x)
        return x @ self.w

    def backward(self, grad: Array) -> Array:
        self.grads["w"] += self.caches.pop().T @ grad
        return grad @ self.w.T


class Updating:
    """Takes its own steps, by a rate that others change."""

    def __init__(self) -> None:
        self.w, self.lr = np.ones((3, 2)), 0.5

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.w

    def backward(self, grad: Array) -> Array:
        back = grad @ self.w.T
        self.w -= self.lr * self.x.T @ grad
        return back


def observed(layer: Any, between: bool = False) -> tuple[Trace, Array, Array]:
    """The trace of a call and its backward, its input and gradient: all arrays are changed in place once both are made.

    Or, `between` the two, what the layer has saved.
    """
    found: list[Trace] = []
    observer = Observer(lambda trace, state: found.append(trace))
    x, grad = np.arange(12.0).reshape(4, 3), np.arange(8.0).reshape(4, 2)
    before = x.copy(), grad.copy()
    with Instruments(observer, "") as instruments:
        instruments.attach(type(layer), NAMES[0])
        output = layer.forward(x)
        if between:
            layer.caches[-1] *= 2.0
        back = layer.backward(grad)
        for array in (x, grad, output, back, layer.w, *getattr(layer, "grads", {}).values()):
            array *= 100.0
        layer.lr = 3.0
        observer.end()
    assert not observer.broken and not observer.unclear
    return found[0], *before


def test_what_is_changed_after_a_call_does_not_change_what_was_seen_of_it() -> None:
    trace, x, grad = observed(Layer())
    forward, backward = (event.tensors for event in trace.events[:2])
    assert np.array_equal(forward["input"], x) and np.array_equal(forward["output"], x @ np.ones((3, 2)))
    assert np.array_equal(backward["grad_output"], grad)
    assert np.array_equal(backward["grad_w"], x.T @ grad)  # without what was there before
    assert np.array_equal(backward["grad_input"], grad @ np.ones((2, 3)))
    assert np.array_equal(trace.events[-1].tensors["w after"], np.full((3, 2), 100.0))


def test_a_learning_rate_is_the_one_that_the_backward_had() -> None:
    trace, x, grad = observed(Updating())
    assert np.allclose(trace.events[1].tensors["grad_w"], x.T @ grad)


def test_an_array_that_is_changed_in_place_before_its_backward_is_named() -> None:
    trace, *_ = observed(Layer(), between=True)
    assert trace.events[1].mutated == ("caches[0]",)
