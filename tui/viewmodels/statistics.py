"""A tensor in one line: shape, dtype, range, mean, spread, zeros, and what is not finite."""

from __future__ import annotations

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.numbers import shape, short


def statistics(array: Array) -> str:
    """Numbers that are not finite are counted, and left out of the rest."""
    head = f"{shape(array.shape)} {array.dtype}"
    if not array.size:
        return f"{head} · empty"
    finite = array[np.isfinite(array)]
    parts = [head]
    if finite.size:
        parts.append(f"{short(finite.min())}…{short(finite.max())}")
        parts.append(f"mean {short(finite.mean(dtype=np.float64))}")
        parts.append(f"std {short(finite.std(dtype=np.float64))}")
        zeros = int(finite.size - np.count_nonzero(finite))
        if zeros:
            parts.append(f"{zeros / array.size:.0%} zero")
    lost = int(array.size - finite.size)
    if lost:
        nans = int(np.isnan(array).sum())
        parts.insert(1, f"{nans} NaN, {lost - nans} Inf of {array.size}")
    return " · ".join(parts)
