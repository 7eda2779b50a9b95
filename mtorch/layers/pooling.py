"""Pooling: one number for each window of an image."""

from __future__ import annotations

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Layer, Shape
from mtorch.layers.windows import Pair, corners, counts, pair, put_back


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

    def parts(self, x: Array) -> list[Array]:
        """For each place in a window, the numbers there of all windows: (batch, channels, rows, columns)."""
        self.fits(x.shape)
        count = counts(self, x.shape, self.kernel_size, self.stride)
        return list(corners(x, self.kernel_size, self.stride, count))


class MaxPool2d(Pool2d):
    """The largest number of each window; of equal ones the first.

    Notation: x (batch, channels, height, width), y (batch, channels, rows, columns), window[r, c] a part of x

        forward   y[r, c] = max(window[r, c])
        backward  grad_input = grad_output[r, c], added up where window[r, c] has its largest number
    """

    def forward(self, x: Array) -> Array:
        y, *others = self.parts(x)
        place = np.zeros(y.shape, np.uint8 if len(others) < 256 else np.intp)
        for number, part in enumerate(others, 1):
            # A NaN is larger than everything: it stays visible.
            larger = (part.real > y.real) | (part != part)
            y = np.where(larger, part, y)
            place[larger] = number
        self.save(place, x.shape)
        return y

    def backward(self, grad_output: Array) -> Array:
        place, shape = self.take()
        numbers = range(self.kernel_size[0] * self.kernel_size[1])
        parts = (np.where(place == number, grad_output, 0) for number in numbers)
        return put_back(parts, shape, self.kernel_size, self.stride)


class AvgPool2d(Pool2d):
    """The mean of each window.

    Notation: x (batch, channels, height, width), y (batch, channels, rows, columns), window[r, c] a part of x
    of n numbers

        forward   y[r, c] = sum(window[r, c]) / n
        backward  grad_input = grad_output[r, c] / n, added up where window[r, c] lies
    """

    def forward(self, x: Array) -> Array:
        parts = self.parts(x)
        self.save(len(parts), x.shape)
        y: Array = sum(parts[1:], parts[0]) / len(parts)
        return y

    def backward(self, grad_output: Array) -> Array:
        n, shape = self.take()
        return put_back([grad_output / n] * n, shape, self.kernel_size, self.stride)
