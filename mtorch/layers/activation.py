"""Activations: functions applied to every element of an array of any shape, and softmax along its last axis."""

from __future__ import annotations

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Layer, Shape

# Branches look at the real part, so that complex-step differentiation passes through.


class Activation(Layer):
    """Base of the activations. `dim`, where given, is what the last axis must be; else ShapeError."""

    def __init__(self, dim: int | None = None, *, name: str | None = None) -> None:
        super().__init__(name)
        self.dim = dim

    def output_shape(self, shape: Shape) -> Shape:
        if self.dim is not None and shape[-1:] != (self.dim,):
            raise ShapeError(self, f"inputs of shape (..., {self.dim})", shape)
        return shape


class Relu(Activation):
    """The rectifier. At x = 0 the derivative is taken as 0, as PyTorch does.

    Notation: x (...), y (...)

        forward   y = max(x, 0)
        backward  grad_input = grad_output where x > 0, else 0
    """

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        positive = x.real > 0
        self.save(positive)
        # Of complex numbers np.maximum compares imaginary parts where the real ones are equal.
        return np.where(positive, x, 0) if x.dtype.kind == "c" else np.maximum(x, 0)

    def backward(self, grad_output: Array) -> Array:
        (positive,) = self.take()
        return np.where(positive, grad_output, 0)


class LeakyRelu(Activation):
    """The rectifier that lets a little through (Maas et al. 2013). At x = 0 the derivative is taken as slope.

    Notation: x (...), y (...), slope a number

        forward   y = x where x > 0, else slope * x
        backward  grad_input = grad_output where x > 0, else slope * grad_output
    """

    def __init__(self, dim: int | None = None, slope: float = 0.01, *, name: str | None = None) -> None:
        super().__init__(dim, name=name)
        self.slope = slope

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        positive = x.real > 0
        self.save(positive)
        return np.where(positive, x, self.slope * x)

    def backward(self, grad_output: Array) -> Array:
        (positive,) = self.take()
        return np.where(positive, grad_output, self.slope * grad_output)


class Sigmoid(Activation):
    """The logistic function, computed so that exp never overflows.

    Notation: x (...), y (...)

        forward   y = 1 / (1 + exp(-x))
        backward  grad_input = grad_output * y * (1 - y)
    """

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        y = sigmoid(x)
        self.save(y)
        return y

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        grad_input: Array = grad_output * (y * (1 - y))
        return grad_input


class Tanh(Activation):
    """The hyperbolic tangent.

    Notation: x (...), y (...)

        forward   y = tanh(x)
        backward  grad_input = grad_output * (1 - y * y)
    """

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        y: Array = np.tanh(x)
        self.save(y)
        return y

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        grad_input: Array = grad_output * (1 - y * y)
        return grad_input


class Gelu(Activation):
    """The Gaussian error linear unit, by tanh (Hendrycks and Gimpel 2016, section 2); PyTorch's approximate="tanh".

    Notation: x (...), y (...), c = sqrt(2 / pi), u = tanh(c * (x + 0.044715 * x**3))

        forward   y = 0.5 * x * (1 + u)
        backward  grad_input = grad_output * (0.5 * (1 + u) + 0.5 * x * (1 - u * u) * c * (1 + 0.134145 * x * x))
    """

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        c = x.real.dtype.type(np.sqrt(2 / np.pi))
        u = np.tanh(c * (x + 0.044715 * x * x * x))
        self.save(x, u, c)
        y: Array = 0.5 * x * (1 + u)
        return y

    def backward(self, grad_output: Array) -> Array:
        x, u, c = self.take()
        slope = 0.5 * (1 + u) + 0.5 * x * (1 - u * u) * c * (1 + 0.134145 * x * x)
        grad_input: Array = grad_output * slope
        return grad_input


class Softmax(Activation):
    """Numbers along the last axis made positive, with sum 1.

    Notation: x (..., classes), y (..., classes)

        forward   y = exp(x) / sum(exp(x))
        backward  grad_input = y * (grad_output - sum(grad_output * y))
    """

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        e = np.exp(x - x.real.max(axis=-1, keepdims=True))
        y: Array = e / e.sum(axis=-1, keepdims=True)
        self.save(y)
        return y

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        grad_input: Array = y * (grad_output - (grad_output * y).sum(axis=-1, keepdims=True))
        return grad_input


LOWEST = {"e": -11, "f": -88, "F": -88, "d": -709, "D": -709}
"""By dtype, where exp(-x) is about to overflow: below it, the sigmoid is as good as 0 anyway."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    y: Array = 1 / (1 + np.exp(-np.maximum(x, LOWEST.get(x.dtype.char, -709))))
    return y
