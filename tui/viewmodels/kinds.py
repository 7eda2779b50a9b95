"""Kinds of arrays: of real numbers, of complex ones, and of what is no number, such as words."""

from __future__ import annotations

import numpy as np

from mtorch.layers.base import Array

REAL = "fiub"
"""numpy's kinds of dtypes of real numbers; truths are 0 and 1."""


def is_real(array: Array) -> bool:
    return array.dtype.kind in REAL


def is_complex(array: Array) -> bool:
    return array.dtype.kind == "c"


def sizes(array: Array) -> Array:
    """Numbers that can be put in order: of complex ones, their magnitudes."""
    return np.abs(array) if is_complex(array) else array


def norm(array: Array | None) -> float | None:
    """Of all its numbers; None where there is no array."""
    return None if array is None else float(np.linalg.norm(np.asarray(sizes(array), dtype=np.float64)))
