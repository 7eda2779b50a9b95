"""Residual: a way around layers."""

from __future__ import annotations

from typing import Any

from mtorch.errors import MtorchError, ShapeError, describe
from mtorch.layers.base import Array, Layer, Shape
from mtorch.layers.sequential import Sequential


class Residual(Layer):
    """Adds what goes into some layers to what comes out of them (He et al. 2016, eq. 1).

    Notation: x (...), f the layers in a row, y (...)

        forward   y = x + f(x)
        backward  grad_input = grad_output + f.backward(grad_output)

    Raises ShapeError where f(x) has not the shape of x.
    """

    def __init__(self, *layers: Layer, name: str | None = None) -> None:
        super().__init__(name)
        self.inner = layers[0] if len(layers) == 1 else Sequential(layers)
        if not self.inner.needs_input_grad:
            raise MtorchError(f"Residual expected layers with an input gradient; {describe(layers[0])} gives none")

    def output_shape(self, shape: Shape) -> Shape | None:
        following = self.inner.output_shape(shape)
        if following is not None and following != shape:
            raise ShapeError(self, f"layers that give {shape} for {shape}", following)
        return following

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        out: Any = self.inner(x)
        if out.shape != x.shape:
            raise ShapeError(self, f"layers that give {x.shape} for {x.shape}", out.shape)
        total: Array = x + out
        return total

    def backward(self, grad_output: Array) -> Array:
        total: Array = grad_output + self.inner.backward(grad_output)
        return total
