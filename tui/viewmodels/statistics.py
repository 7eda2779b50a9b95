"""A tensor in one line: shape, dtype, range, mean, spread, zeros, and what is not finite."""

from __future__ import annotations

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.extent import extent, sample
from tui.viewmodels.kinds import is_complex, is_real, sizes
from tui.viewmodels.numbers import shape, short
from tui.viewmodels.once import once

LARGE = 1 << 20
"""Elements. Of a larger tensor the range and what is not finite are exact; the rest is of a sample, marked with ≈."""


@once
def statistics(array: Array) -> str:
    """Numbers that are not finite are counted, and left out of the rest."""
    head = f"{shape(array.shape)} {array.dtype}"
    if not array.size:
        return f"{head} · empty"
    if is_complex(array):
        array, head = sizes(array), f"{head} · magnitudes"
    elif not is_real(array):
        return head
    found, parts = extent(array), [head]
    if found.finite:
        about, seen = ("≈", sample(array)) if array.size > LARGE else ("", array)
        finite = seen if found.finite == array.size else seen[np.isfinite(seen)]
        parts.append(f"{short(found.low)}…{short(found.high)}")
        if finite.size:
            parts.append(f"mean {about}{short(finite.mean(dtype=np.float64))}")
            parts.append(f"std {about}{short(finite.std(dtype=np.float64))}")
            if zeros := int(finite.size - np.count_nonzero(finite)):
                parts.append(f"{about}{zeros / seen.size:.0%} zero")
    if lost := array.size - found.finite:
        parts.insert(1, f"{found.nans} NaN, {lost - found.nans} Inf of {array.size}")
    return " · ".join(parts)
