"""Holding: the numbers that a script has at hand, to tell what it took another number off."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from mtorch.debug.strangers.places import DEPTH, PLAIN, parts
from mtorch.layers.base import Array

OURS = str(Path(__file__).parent.parent.parent)
MOST = 5_000_000
"""Numbers that are looked through."""
CHANCE = 1e-6
"""How likely numbers may be among the script's by accident."""


def at_hand() -> Array:
    """All numbers in the variables of the script's functions that are at work, and of their modules; sorted."""
    found: list[Array] = []
    loose: list[float] = []
    seen: set[int] = set()
    left = MOST
    for value in variables():
        for leaf in leaves(value, seen, 0):
            if left <= 0:
                break
            left -= np.size(leaf)
            if isinstance(leaf, np.ndarray):
                found.append(leaf.ravel().astype(np.float64))
            else:
                loose.append(float(leaf))
    return np.sort(np.concatenate([*found, np.array(loose)]))


def variables() -> Iterator[Any]:
    """The values of variables in frames that are not ours, the innermost first, and of the main module."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if not frame.f_code.co_filename.startswith((OURS, "<frozen")):
            yield from frame.f_locals.values()
            yield from frame.f_globals.values()
        frame = frame.f_back
    yield from vars(sys.modules["__main__"]).values()


def leaves(value: Any, seen: set[int], depth: int) -> Iterator[Any]:
    """The arrays and numbers in a value."""
    if isinstance(value, int | float | np.number):
        if abs(float(value)) < 1e300:
            yield value
    elif isinstance(value, np.ndarray):
        if id(value) not in seen and value.dtype.kind in "fiub":
            seen.add(id(value))
            yield value
    elif not isinstance(value, PLAIN) and id(value) not in seen and depth < DEPTH:
        seen.add(id(value))
        for _, part in parts(value):
            yield from leaves(part, seen, depth + 1)


def among(values: Array, held: Array) -> bool:
    """Whether all of these numbers are among those held, but for rounding, and not by accident."""
    size = max(1.0, float(np.abs(values).max(initial=0.0)))
    near = 8 * float(np.finfo(values.dtype).eps) * size
    held = held[np.isfinite(held)]
    if not held.size or not values.size or not np.isfinite(values).all():
        return False
    after = np.searchsorted(held, values.ravel())
    off = [np.abs(held[np.clip(k, 0, held.size - 1)] - values.ravel()) for k in (after - 1, after)]
    if np.minimum(*off).max() > near:
        return False
    around = [int(np.sum(np.abs(held - value) <= size)) for value in values.ravel()[:1]]
    return bool((around[0] * near / size) ** np.unique(values).size <= CHANCE)
