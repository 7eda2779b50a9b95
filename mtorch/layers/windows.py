"""Windows: the patches of an image that convolution and pooling look at."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Shape

Pair = tuple[int, int]


def pair(value: int | Pair) -> Pair:
    """One number for both axes, or one for each."""
    return (value, value) if isinstance(value, int) else value


def windows(x: Array, kernel: Pair, stride: Pair) -> Array:
    """All patches of x (batch, channels, height, width), as a view (batch, channels, rows, columns, *kernel)."""
    view: Array = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def put_back(patches: Array, shape: Shape, stride: Pair) -> Array:
    """The reverse of `windows`: an image of that shape, each number the sum of those at its place in all patches."""
    image = np.zeros(shape, patches.dtype)
    rows, columns, height, width = patches.shape[2:]
    for i in range(height):
        for j in range(width):
            place = image[:, :, i : i + stride[0] * rows : stride[0], j : j + stride[1] * columns : stride[1]]
            place += patches[..., i, j]
    return image


def counts(layer: Any, shape: Shape, kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> Pair:
    """How many windows fit below and beside each other. Raises ShapeError where none does."""
    size = [n + 2 * p for n, p in zip(shape[2:], padding, strict=True)]
    if any(n < k for n, k in zip(size, kernel, strict=True)):
        raise ShapeError(layer, f"images of at least {kernel[0]}x{kernel[1]} with padding {padding}", shape)
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True))
    return rows, columns
