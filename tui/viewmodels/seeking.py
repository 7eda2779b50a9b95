"""Seeking: the cells that one wants to go to."""

from __future__ import annotations

import re

import numpy as np

from mtorch.errors import MtorchError
from mtorch.layers.base import Array
from tui.viewmodels.kinds import is_complex, is_real
from tui.viewmodels.numbers import shape
from tui.viewmodels.table import Table

Index = tuple[int, ...]

SOUGHT = ("largest", "smallest", "wrong", "nonfinite")
"""By magnitude, of the finite numbers; the next one that is marked, the next one that is not finite."""


def seek(table: Table, sought: str, after: Index | None) -> Index | None:
    """Where a cell is; wrong and non-finite ones are looked for behind `after`, and from the start again.

    None where there is none. Raises MtorchError where nothing is known to be wrong or right, and where
    there are no numbers.
    """
    array = table.array
    if not (is_real(array) or is_complex(array)):
        raise MtorchError("there are no numbers in this tensor")
    if sought in ("largest", "smallest"):
        lost = ~np.isfinite(array)
        if not array.size or lost.all():
            return None
        size = np.abs(array.astype(np.float64) if array.dtype.kind == "i" else array)  # -128 has no int8 above zero
        if sought == "largest":
            return place(int(np.argmax(np.where(lost, -1, size) if lost.any() else size)), array)
        return place(int(np.argmin(np.where(lost, np.inf, size) if lost.any() else size)), array)
    marked = ~np.isfinite(array) if sought == "nonfinite" else table.wrong()
    if marked is None:
        raise MtorchError("no right numbers are known of this tensor")
    return behind(marked, after)


def behind(marked: Array, after: Index | None) -> Index | None:
    """The first marked element behind an index, or else the first of all."""
    flat = np.flatnonzero(marked)
    if not flat.size:
        return None
    start = -1 if after is None else int(np.ravel_multi_index(after, marked.shape)) if after else -1
    return place(int(flat[np.searchsorted(flat, start, "right") % flat.size]), marked)


def place(flat: int, array: Array) -> Index:
    return tuple(int(i) for i in np.unravel_index(flat, array.shape))


def parse(words: str, array: Array) -> Index:
    """An index such as 3,7 or [3, 7]; negative ones count from the end. Raises MtorchError for what is none."""
    bare = words.strip().removeprefix("[").removesuffix("]")
    parts = [part for part in re.split(r"[,\s]+", bare) if part]
    if not all(re.fullmatch(r"-?\d{1,9}", part) for part in parts) or len(parts) != array.ndim:
        raise MtorchError(
            f"cell expects {array.ndim} numbers, for a tensor of {shape(array.shape)}, got {words[:40]!r}"
        )
    index = tuple(int(part) for part in parts)
    if not all(-n <= i < n for i, n in zip(index, array.shape, strict=True)):
        raise MtorchError(f"no cell {words.strip()[:40]} in a tensor of {shape(array.shape)}")
    return tuple(i % n for i, n in zip(index, array.shape, strict=True))
