"""Pictures: numbers as half blocks, two of them in a cell, one above the other; without colour as denser characters."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.heat import SHADES, Rgb, level
from tui.viewmodels.lines import Line, Part

UPPER = "▀"
DENSE = " .:-=+*#%@"
LOST, LOST_COLOUR = "?", (190, 0, 120)
"""Of a number that is not finite."""


def picture(image: Array, width: int, height: int, dark: bool = True, colour: bool = True) -> list[Line]:
    """An image (rows, columns) in at most that many cells, each number as high as wide: as large as fits, or the means
    of those that share a place. Nonnegative numbers are grey, numbers of both signs have heat.
    """
    if not image.size or min(width, height) < 1:
        return []
    low, high = extent(image) or (0.0, 0.0)
    scale, signed = max(-low, high), low < 0
    shown = resized(image, width, 2 * height)
    if len(shown) % 2:
        shown = np.concatenate((shown, np.zeros_like(shown[:1])))
    above, below = shown[::2], shown[1::2]
    if not colour:
        least = min(low, 0.0)
        return [(Part("".join(dense(value, least, high) for value in row)),) for row in above / 2 + below / 2]

    def shade(value: float) -> Rgb:
        return heat(value, scale, dark) if signed else grey(value, scale)

    pairs = ([(shade(a), shade(b)) for a, b in zip(*rows, strict=True)] for rows in zip(above, below, strict=True))
    return [tuple(Part(UPPER * len(list(same)), "", pair) for pair, same in groupby(row)) for row in pairs]


def extent(image: Array) -> tuple[float, float] | None:
    """The lowest and the highest finite number; None without any."""
    low, high = float(image.min()), float(image.max())
    if not np.isfinite(low + high):
        image = image[np.isfinite(image)]
        return (float(image.min()), float(image.max())) if image.size else None
    return low, high


def resized(image: Array, columns: int, rows: int) -> Array:
    """An image of at most that many columns and rows, each the same number of times as large, or as small."""
    # The sums of half precision's numbers would soon be too large for it.
    image = np.asarray(image, dtype=image.dtype if image.dtype.kind == "f" and image.dtype.itemsize > 2 else np.float64)
    times = min(columns // image.shape[1], rows // image.shape[0])
    if times:
        larger: Array = image.repeat(times, axis=0).repeat(times, axis=1)
        return larger
    share = min(columns / image.shape[1], rows / image.shape[0])
    down, across = (shares(n, max(1, int(n * share))).astype(image.dtype) for n in image.shape)
    if np.isfinite(image.sum()):
        means: Array = down @ image @ across.T
        return means
    lost = ~np.isfinite(image)
    means = down @ np.where(lost, 0, image) @ across.T
    means[down @ lost @ across.T > 0] = np.nan
    return means


def shares(many: int, few: int) -> Array:
    """How much of each of many places of a line lies in each of a few: (few, many), whose rows have the sum 1."""
    edges, starts = np.linspace(0, many, few + 1), np.arange(many)
    overlap: Array = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return np.maximum(overlap, 0.0) * few / many


def grey(value: float, scale: float) -> Rgb:
    """From black at zero to white at the largest."""
    if not np.isfinite(value):
        return LOST_COLOUR
    shade = round(255 * (float(value) / scale)) if scale else 0
    return shade, shade, shade


def heat(value: float, scale: float, dark: bool) -> Rgb:
    found = level(value, scale)
    return LOST_COLOUR if found is None else SHADES[dark][found].background


def dense(value: float, low: float, high: float) -> str:
    """A character that is the denser the larger a number is."""
    if not np.isfinite(value):
        return LOST
    span = high / 2 - low / 2  # halves, which don't overflow
    return DENSE[round((len(DENSE) - 1) * ((float(value) / 2 - low / 2) / span))] if span > 0 else DENSE[0]
