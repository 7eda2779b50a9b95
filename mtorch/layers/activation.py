"""Activations: functions of one number, applied to every element of an array of any shape."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Layer


class Activation(Layer):
    """Base of the activations. `dim`, where given, is what the last axis must be; else ShapeError."""

    equation: ClassVar[str]

    def __init__(self, dim: int | None = None, *, name: str | None = None) -> None:
        super().__init__(name)
        self.dim = dim

    def check(self, x: Array) -> None:
        if self.dim is not None and x.shape[-1:] != (self.dim,):
            raise ShapeError(self, f"inputs of shape (..., {self.dim})", x.shape)


class Relu(Activation):
    """y = x where x > 0, else 0;  grad_input = grad_output where x > 0, else 0.

    At x = 0 the derivative is taken as 0, as PyTorch does. Branches look at the real part, so
    that complex-step differentiation passes through.
    """

    equation = "y = max(x, 0)"

    def forward(self, x: Array) -> Array:
        self.check(x)
        # "not <= 0" and not "> 0": a NaN passes through and stays visible.
        positive = ~(x.real <= 0)
        self.save(positive)
        return np.where(positive, x, x.dtype.type(0))

    def backward(self, grad_output: Array) -> Array:
        (positive,) = self.take()
        return np.where(positive, grad_output, grad_output.dtype.type(0))


class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x));  grad_input = grad_output * y * (1 - y)."""

    equation = "y = 1 / (1 + exp(-x))"

    def forward(self, x: Array) -> Array:
        self.check(x)
        # exp of a number that is never positive cannot overflow.
        small = np.exp(np.where(x.real > 0, -x, x))
        y: Array = np.where(x.real > 0, x.dtype.type(1), small) / (1 + small)
        self.save(y)
        return y

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        grad_input: Array = grad_output * y * (1 - y)
        return grad_input


class Tanh(Activation):
    """y = tanh(x);  grad_input = grad_output * (1 - y ** 2)."""

    equation = "y = tanh(x)"

    def forward(self, x: Array) -> Array:
        self.check(x)
        y: Array = np.tanh(x)
        self.save(y)
        return y

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        grad_input: Array = grad_output * (1 - y * y)
        return grad_input
