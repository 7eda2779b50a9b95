"""Pictures: numbers as half blocks, two of them in a cell, one above the other; without colour as denser characters."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.heat import SHADES, Rgb, level
from tui.viewmodels.lines import Line, Part
from tui.viewmodels.table import largest

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
    scale, signed = largest(image), bool((image < 0).any())
    shown = resized(image, width, 2 * height)
    if len(shown) % 2:
        shown = np.concatenate((shown, np.zeros_like(shown[:1])))
    above, below = shown[::2], shown[1::2]
    if not colour:
        low = float(np.min(image, where=np.isfinite(image), initial=0.0))
        high = float(np.max(image, where=np.isfinite(image), initial=low))
        return [(Part("".join(dense(value, low, high) for value in row)),) for row in (above + below) / 2]

    def shade(value: float) -> Rgb:
        return heat(value, scale, dark) if signed else grey(value, scale)

    pairs = ([(shade(a), shade(b)) for a, b in zip(*rows, strict=True)] for rows in zip(above, below, strict=True))
    return [tuple(Part(UPPER * len(list(same)), "", pair) for pair, same in groupby(row)) for row in pairs]


def resized(image: Array, columns: int, rows: int) -> Array:
    """An image of at most that many columns and rows, each the same number of times as large, or as small."""
    image = np.asarray(image, dtype=np.float64)
    times = min(columns // image.shape[1], rows // image.shape[0])
    if times:
        found: Array = image.repeat(times, axis=0).repeat(times, axis=1)
        return found
    share = max(-(-image.shape[1] // columns), -(-image.shape[0] // rows))
    for axis in (0, 1):
        starts = np.arange(0, image.shape[axis], share)
        counts = np.diff(np.append(starts, image.shape[axis]))
        image = np.add.reduceat(image, starts, axis=axis) / (counts[:, None] if axis == 0 else counts)
    return image


def grey(value: float, scale: float) -> Rgb:
    """From black at zero to white at the largest."""
    if not np.isfinite(value):
        return LOST_COLOUR
    shade = round(255 * value / scale) if scale else 0
    return shade, shade, shade


def heat(value: float, scale: float, dark: bool) -> Rgb:
    found = level(value, scale)
    return LOST_COLOUR if found is None else SHADES[dark][found].background


def dense(value: float, low: float, high: float) -> str:
    """A character that is the denser the larger a number is."""
    if not np.isfinite(value):
        return LOST
    return DENSE[round((len(DENSE) - 1) * (value - low) / (high - low))] if high > low else DENSE[0]
