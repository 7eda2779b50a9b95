"""Pooling: one number for each window of an image."""

from __future__ import annotations

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Layer, Shape
from mtorch.layers.windows import Pair, counts, pair, put_back, windows


class Pool2d(Layer):
    """Base of the poolings. The windows are `kernel_size` large and `stride` apart, by default side by side."""

    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, *, name: str | None = None) -> None:
        super().__init__(name)
        self.kernel_size = pair(kernel_size)
        self.stride = self.kernel_size if stride is None else pair(stride)

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 4:
            raise ShapeError(self, "inputs of shape (batch, channels, height, width)", shape)
        return (*shape[:2], *counts(self, shape, self.kernel_size, self.stride))

    def flat_windows(self, x: Array) -> Array:
        """(batch, channels, rows, columns, kernel's size)"""
        self.fits(x.shape)
        patches = windows(x, self.kernel_size, self.stride)
        return patches.reshape(*patches.shape[:4], -1)

    def spread(self, grad_windows: Array, shape: Shape) -> Array:
        """An image of the shape, from the gradient of each number in each window."""
        return put_back(grad_windows.reshape(*grad_windows.shape[:4], *self.kernel_size), shape, self.stride)


class MaxPool2d(Pool2d):
    """The largest number of each window; of equal ones the first.

    Notation: x (batch, channels, height, width), y (batch, channels, rows, columns), window[r, c] a part of x

        forward   y[r, c] = max(window[r, c])
        backward  grad_input = grad_output[r, c], added up where window[r, c] has its largest number
    """

    def forward(self, x: Array) -> Array:
        patches = self.flat_windows(x)
        largest = patches.real.argmax(axis=-1)[..., None]
        self.save(largest, x.shape)
        y: Array = np.take_along_axis(patches, largest, axis=-1)[..., 0]
        return y

    def backward(self, grad_output: Array) -> Array:
        largest, shape = self.take()
        places = np.arange(np.prod(self.kernel_size))
        return self.spread(np.where(places == largest, grad_output[..., None], grad_output.dtype.type(0)), shape)


class AvgPool2d(Pool2d):
    """The mean of each window.

    Notation: x (batch, channels, height, width), y (batch, channels, rows, columns), window[r, c] a part of x
    of n numbers

        forward   y[r, c] = sum(window[r, c]) / n
        backward  grad_input = grad_output[r, c] / n, added up where window[r, c] lies
    """

    def forward(self, x: Array) -> Array:
        patches = self.flat_windows(x)
        self.save(patches.shape, x.shape)
        y: Array = patches.mean(axis=-1)
        return y

    def backward(self, grad_output: Array) -> Array:
        patches, shape = self.take()
        share = grad_output / grad_output.dtype.type(patches[-1])
        return self.spread(np.broadcast_to(share[..., None], patches), shape)
