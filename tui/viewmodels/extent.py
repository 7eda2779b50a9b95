"""Extent: a tensor's range, exactly, and a sample of it for what needs no more."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.kinds import is_complex, is_real, sizes
from tui.viewmodels.once import once

SAMPLE = 1 << 16
"""Elements, about."""


class Extent(NamedTuple):
    """The smallest and the largest finite number, both 0 where none is finite, and how many there are of which."""

    low: float
    high: float
    finite: int
    nans: int

    @property
    def largest(self) -> float:
        """The largest finite magnitude."""
        return max(abs(self.low), abs(self.high))


@once
def extent(array: Array) -> Extent:
    """Two passes over an array that is finite, without a copy. Arrays of traces don't change. Of complex numbers that
    of their magnitudes; what is no number counts as finite.
    """
    if not array.size:
        return Extent(0.0, 0.0, 0, 0)
    if not (is_real(array) or is_complex(array)):
        return Extent(0.0, 0.0, array.size, 0)
    array = sizes(array)
    low, high = float(array.min()), float(array.max())
    if math.isfinite(low) and math.isfinite(high):
        return Extent(low, high, array.size, 0)
    finite = np.isfinite(array)
    count, nans = int(np.count_nonzero(finite)), int(np.count_nonzero(array != array))
    if not count:
        return Extent(0.0, 0.0, 0, nans)
    low, high = (float(array.min(where=finite, initial=np.inf)), float(array.max(where=finite, initial=-np.inf)))
    return Extent(low, high, count, nans)


def sample(array: Array) -> Array:
    """Evenly spaced elements, all of an array that is no larger than SAMPLE. They lie in all columns alike."""
    if array.size <= SAMPLE:
        return array.reshape(-1)
    step = -(-array.size // SAMPLE)
    while math.gcd(step, array.shape[-1]) > 1:
        step += 1
    found: Array = array.flat[::step]
    return found
