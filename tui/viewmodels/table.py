"""A tensor as a table: which text and which heat stand in which cell. Only what is asked for is computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.heat import level
from tui.viewmodels.numbers import WIDTH, cell

WRONG = 1e-6
"""A cell is marked as wrong where it is off by more than this share of the tensor's largest number: the check's
own tolerance, so that a gradient found wrong has wrong cells."""


class Cell(NamedTuple):
    """`level` is a shade's number (see heat), None for a number that is not finite."""

    text: str
    level: int | None
    wrong: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """An array of any rank in two axes: the last one across, all others down.

    Where `numerical` is given, every column is double: the recorded number, and the right one beside it.
    `judged` is what was compared with it, the recorded numbers in double precision.
    """

    array: Array
    numerical: Array | None = None
    judged: Array | None = None

    @cached_property
    def grid(self) -> Array:
        return as_grid(self.array)

    @cached_property
    def right(self) -> Array | None:
        if self.numerical is None or self.numerical.shape != self.array.shape:
            return None
        return as_grid(self.numerical)

    @cached_property
    def compared(self) -> Array:
        return self.grid if self.judged is None else as_grid(self.judged)

    @property
    def rows(self) -> int:
        return int(self.grid.shape[0])

    @property
    def columns(self) -> int:
        return int(self.grid.shape[1])

    @property
    def column_width(self) -> int:
        return (WIDTH + 1) * (1 if self.right is None else 2) + 1

    @cached_property
    def label_width(self) -> int:
        return max(3, len(self.row_label(self.rows - 1)) + 1 if self.rows else 0)

    @cached_property
    def scale(self) -> float:
        """The largest finite magnitude, of the recorded and the right numbers."""
        return max(largest(self.grid), 0.0 if self.right is None else largest(self.right))

    def index_at(self, row: int, column: int) -> tuple[int, ...]:
        """The index in the array of what stands in a row and a column."""
        if not self.array.ndim:
            return ()
        return (*(int(i) for i in np.unravel_index(row, self.array.shape[:-1] or (1,))), column)[-self.array.ndim :]

    def place_of(self, index: tuple[int, ...]) -> tuple[int, int]:
        """The row and the column of an index."""
        if self.array.ndim < 2:
            return 0, index[0] if index else 0
        return int(np.ravel_multi_index(index[:-1], self.array.shape[:-1])), index[-1]

    def row_label(self, row: int) -> str:
        """The row's index on all axes but the last: "3", or "3,12"."""
        leading = self.array.shape[:-1]
        return ",".join(str(int(i)) for i in np.unravel_index(row, leading)) if leading else "0"

    def column_label(self, column: int) -> str:
        return f"{column}" if self.right is None else f"{column} recorded / right"

    def cells(self, row: int, column: int) -> tuple[Cell, ...]:
        """One cell; two where the right number is known."""
        value = self.grid[row, column]
        here = Cell(cell(value), level(float(value), self.scale))
        if self.right is None:
            return (here,)
        right = self.right[row, column]
        wrong = not np.isnan(right) and not abs(self.compared[row, column] - right) <= WRONG * self.scale
        return (here._replace(wrong=wrong), Cell(cell(right), level(float(right), self.scale)))


def as_grid(array: Array) -> Array:
    if array.ndim < 2:
        return array.reshape(1, -1)
    return array.reshape(-1, array.shape[-1]) if array.shape[-1] else array.reshape(0, 0)


def largest(array: Array) -> float:
    """The largest finite magnitude, 0 where there is none."""
    if not array.size:
        return 0.0
    low, high = float(array.min()), float(array.max())
    if not np.isfinite(low + high):
        finite = array[np.isfinite(array)]
        if not finite.size:
            return 0.0
        low, high = float(finite.min()), float(finite.max())
    return max(abs(low), abs(high))
