"""Windows: the patches of an image that convolution and pooling look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, Shape

Pair = tuple[int, int]


def pair(value: int | Pair) -> Pair:
    """One number for both axes, or one for each."""
    return (value, value) if isinstance(value, int) else value


def counts(layer: Any, shape: Shape, kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> Pair:
    """How many windows fit below and beside each other. Raises ShapeError where none does."""
    size = [n + 2 * p for n, p in zip(shape[2:], padding, strict=True)]
    if any(n < k for n, k in zip(size, kernel, strict=True)):
        raise ShapeError(layer, f"images of at least {kernel[0]}x{kernel[1]} with padding {padding}", shape)
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True))
    return rows, columns


def windows(x: Array, kernel: Pair, stride: Pair) -> Array:
    """All patches of x (batch, channels, height, width), as a view (batch, channels, rows, columns, *kernel)."""
    view: Array = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def corners(image: Array, kernel: Pair, stride: Pair, count: Pair) -> Iterator[Array]:
    """For each place in a window, row by row, a view of the numbers there of all windows."""
    (down, right), (rows, columns) = stride, count
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield image[:, :, i : i + down * rows : down, j : j + right * columns : right]


def put_back(parts: Iterable[Array], shape: Shape, kernel: Pair, stride: Pair) -> Array:
    """The reverse of `corners`: an image of that shape, each number the sum of those at its place in all windows."""
    first, *others = parts
    image = np.zeros(shape, first.dtype)
    for view, part in zip(corners(image, kernel, stride, first.shape[2:]), (first, *others), strict=True):
        view += part
    return image
