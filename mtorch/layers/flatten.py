"""Flatten: from images to rows."""

from __future__ import annotations

import math

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Layer, Shape


class Flatten(Layer):
    """Every sample as one row.

    Notation: x (batch, ...), y (batch, features)

        forward   y = x.reshape(batch, features)
        backward  grad_input = grad_output.reshape(x.shape)
    """

    def output_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise ShapeError(self, "inputs of shape (batch, ...)", shape)
        return (shape[0], math.prod(shape[1:]))

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        self.save(x.shape)
        return x.reshape(self.output_shape(x.shape))

    def backward(self, grad_output: Array) -> Array:
        (shape,) = self.take()
        return grad_output.reshape(shape)
