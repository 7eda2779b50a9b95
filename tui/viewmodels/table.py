"""A tensor as a table: which text and which heat stand in which cell. Only what is asked for is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from rich.cells import cell_len

from mtorch.debug.differences import differing
from mtorch.layers.base import Array
from tui.plain import plain
from tui.viewmodels.extent import extent
from tui.viewmodels.heat import apart, level
from tui.viewmodels.here import cut, rjust
from tui.viewmodels.kinds import is_complex, is_real, sizes
from tui.viewmodels.numbers import FORMS, cell

WRONG = 1e-6
"""A cell is marked as wrong where it is off by more than this share of the tensor's largest number: the check's
own tolerance, so that a gradient found wrong has wrong cells."""

ORDERS = ("", "rows", "columns", "both")
"""What may be sorted by norm, the largest first."""


class Cell(NamedTuple):
    """`level` is a shade's number (see heat), None for a number that is not finite."""

    text: str
    level: int | None
    wrong: bool = False


class Beside(NamedTuple):
    """Numbers that stand beside a tensor's own, and what the two are called. Where `apart`, they are another run's, and
    cells are coloured by how far the two are apart, marked where that is more than the tolerance; and with `halves` the
    two stand in two tables.
    """

    array: Array
    ours: str = "recorded"
    theirs: str = "right"
    apart: bool = False
    tolerance: float = 0.0
    halves: bool = False


class Look(NamedTuple):
    """How a table is looked at. `fixed` has the indices on the axes that are not shown: all 0 where it doesn't fit."""

    fixed: tuple[int, ...] = ()
    order: str = ""
    form: str = "auto"


PLAIN = Look()


@dataclass(frozen=True, eq=False)
class Table:
    """Two axes of an array of any rank: the last two that are longer than 1. Of the others one index shows.

    Where there is something `beside`, every column is double: the recorded number, and the other one beside it.
    `judged` is what was compared with it, the recorded numbers in double precision. `labels` names the indices of
    each axis; () where they have no names.
    """

    array: Array
    beside: Beside | None = None
    judged: Array | None = None
    look: Look = PLAIN
    labels: Sequence[Sequence[str]] = ()

    @cached_property
    def axes(self) -> tuple[int, ...]:
        """Those shown: of rows, of columns; fewer where the array has fewer."""
        rank = self.array.ndim
        if rank <= 2:
            return tuple(range(rank))
        long = [axis for axis in range(rank) if self.array.shape[axis] != 1]
        others = [axis for axis in reversed(range(rank)) if axis not in long]
        return tuple(sorted([*reversed(long), *others][:2]))

    @cached_property
    def rest(self) -> tuple[int, ...]:
        """The axes that are not shown."""
        return tuple(axis for axis in range(self.array.ndim) if axis not in self.axes)

    @cached_property
    def fixed(self) -> tuple[int, ...]:
        """The indices on the axes that are not shown."""
        sizes = self.sizes
        given = self.look.fixed
        fits = len(given) == len(sizes) and all(0 <= i < n for i, n in zip(given, sizes, strict=True))
        return given if fits else (0,) * len(sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How long the axes are that are not shown."""
        return tuple(self.array.shape[axis] for axis in self.rest)

    @property
    def slices(self) -> int:
        return int(np.prod(self.sizes, dtype=int))

    def slice(self, number: int) -> Look:
        """The look at the slice of that number, counted in the array's own order; the last one, beyond it."""
        number = max(0, min(number, self.slices - 1))
        return self.look._replace(fixed=tuple(int(i) for i in np.unravel_index(number, self.sizes)))

    @property
    def number(self) -> int:
        """The slice that shows."""
        return int(np.ravel_multi_index(self.fixed, self.sizes)) if self.rest and self.slices else 0

    def _grid(self, array: Array) -> Array:
        if array.ndim < 2:
            return array.reshape(1, -1)
        if not array.size:
            return array.reshape(0, 0)
        index = dict(zip(self.rest, self.fixed, strict=True))
        found: Array = array[tuple(index.get(axis, slice(None)) for axis in range(array.ndim))]
        return found

    @cached_property
    def grid(self) -> Array:
        return self._grid(self.array)

    @cached_property
    def right(self) -> Array | None:
        if self.beside is None or self.beside.array.shape != self.array.shape:
            return None
        return self._grid(self.beside.array)

    @cached_property
    def compared(self) -> Array:
        return self.grid if self.judged is None else self._grid(self.judged)

    @property
    def rows(self) -> int:
        return int(self.grid.shape[0])

    @property
    def columns(self) -> int:
        return int(self.grid.shape[1])

    @property
    def width(self) -> int:
        """Of a number; a complex one is two, with a space between and an i."""
        own = FORMS[self.look.form].width
        return 2 * own + 2 if is_complex(self.array) else own

    @cached_property
    def _size(self) -> Callable[[Any], float]:
        """What makes a shade of a value: the number itself, or how large it is."""
        return float if is_real(self.array) else abs if is_complex(self.array) else lambda _: 0.0

    @cached_property
    def halves(self) -> bool:
        """Whether there are two tables, one of each run."""
        return self.right is not None and self.beside is not None and self.beside.halves

    @property
    def column_width(self) -> int:
        return (self.width + 1) * (1 if self.right is None or self.halves else 2) + 1

    @cached_property
    def label_width(self) -> int:
        return max(
            3, len(str(max(0, self.rows - 1))) + 1, 1 + max(map(cell_len, map(plain, self._names(0))), default=0)
        )

    @cached_property
    def scale(self) -> float:
        """The largest finite magnitude, of the recorded numbers and those beside them, in all slices."""
        beside = 0.0 if self.beside is None or self.right is None else extent(self.beside.array).largest
        return max(extent(self.array).largest, beside)

    @cached_property
    def row_order(self) -> Array | None:
        return order(self.grid, 1) if self.look.order in ("rows", "both") else None

    @cached_property
    def column_order(self) -> Array | None:
        return order(self.grid, 0) if self.look.order in ("columns", "both") else None

    def own_row(self, row: int) -> int:
        """The grid's row that stands in a row."""
        return row if self.row_order is None else int(self.row_order[row])

    def own_column(self, column: int) -> int:
        return column if self.column_order is None else int(self.column_order[column])

    def index_at(self, row: int, column: int) -> tuple[int, ...]:
        """The index in the array of what stands in a row and a column."""
        here = dict(zip(self.rest, self.fixed, strict=True))
        here.update(zip(self.axes, (self.own_row(row), self.own_column(column))[-len(self.axes) :], strict=False))
        return tuple(here[axis] for axis in range(self.array.ndim))

    def at(self, index: tuple[int, ...]) -> Table:
        """The table with the slice in which an index lies."""
        fixed = tuple(index[axis] for axis in self.rest)
        return self if fixed == self.fixed else replace(self, look=self.look._replace(fixed=fixed))

    def place_of(self, index: tuple[int, ...]) -> tuple[int, int]:
        """The row and the column of an index of the slice that shows."""
        row, column = ((0, 0, *(index[axis] for axis in self.axes))[-2:]) if self.axes else (0, 0)
        if self.row_order is not None:
            row = int(np.flatnonzero(self.row_order == row)[0])
        if self.column_order is not None:
            column = int(np.flatnonzero(self.column_order == column)[0])
        return row, column

    def _names(self, axis: int) -> Sequence[str]:
        """The names of the rows (0) or of the columns (1), () where they have none."""
        axis += len(self.axes) - 2
        if axis < 0 or not self.axes or len(self.labels) != self.array.ndim:
            return ()
        names = self.labels[self.axes[axis]]
        return names if len(names) == self.array.shape[self.axes[axis]] else ()

    def row_label(self, row: int) -> str:
        """The row's name, or its index."""
        names, own = self._names(0), self.own_row(row)
        return names[own] if names else str(own)

    def column_label(self, column: int) -> str:
        names, own = self._names(1), self.own_column(column)
        name = names[own] if names else str(own)
        if self.beside is None or self.right is None or self.halves:
            return name
        return f"{name} {self.beside.ours} / {self.beside.theirs}"

    def cells(self, row: int, column: int) -> tuple[Cell, ...]:
        """One cell; two where something stands beside it."""
        (found,) = self.line(row, column, column + 1)
        return found

    def line(self, row: int, first: int, end: int) -> list[tuple[Cell, ...]]:
        """A row's cells in the columns first … end - 1: one each, or two."""
        form, scale = self.look.form, self.scale
        values = self._numbers(self.grid, row, first, end)
        size = self._size
        here = [Cell(cell(value, form), level(size(value), scale)) for value in values]
        if not (is_real(self.array) or is_complex(self.array)):
            here = [one._replace(text=rjust(cut(one.text, self.width), self.width)) for one in here]
        if self.right is None or self.beside is None:
            return [(one,) for one in here]
        rights = self._numbers(self.right, row, first, end)
        there = [Cell(cell(right, form), level(float(right), scale)) for right in rights]
        if self.beside.apart:
            found: list[tuple[Cell, ...]] = []
            marked = differing(np.asarray(values), np.asarray(rights), self.beside.tolerance, scale)
            for value, right, one, other, bad in zip(values, rights, here, there, marked, strict=True):
                shade = apart(float(value), float(right))
                both = bool(bad) and self.halves
                found.append((one._replace(level=shade, wrong=bool(bad)), other._replace(level=shade, wrong=both)))
            return found
        compared = self._numbers(self.compared, row, first, end)
        wrong = [a != b and b == b and not abs(a - b) <= WRONG * scale for a, b in zip(compared, rights, strict=True)]
        return [(one._replace(wrong=bad), other) for one, other, bad in zip(here, there, wrong, strict=True)]

    def _numbers(self, grid: Array, row: int, first: int, end: int) -> Sequence[Any]:
        """A row's numbers as Python has them, which is faster; as numpy does where the dtype's digits count."""
        order = self.column_order
        found = grid[self.own_row(row)][slice(first, end) if order is None else order[first:end]]
        return found if self.look.form == "exact" else found.tolist()  # type: ignore[no-any-return]

    @property
    def worst(self) -> tuple[int, int]:
        """The row and the column of the slice's number that is furthest from the one beside it; the first, without."""
        if self.right is None or not self.right.size:
            return 0, 0
        with np.errstate(all="ignore"):
            off = np.nan_to_num(np.abs(self.compared.astype(np.float64) - self.right), nan=0.0)
        row, column = np.unravel_index(int(off.argmax()), off.shape)
        return int(row), int(column)

    def wrong(self) -> Array | None:
        """Which elements of the whole array are marked; None where nothing stands beside it."""
        if self.right is None or self.beside is None:
            return None
        ours, theirs = self.array if self.judged is None else self.judged, self.beside.array
        if self.beside.apart:
            return differing(ours, theirs, self.beside.tolerance, self.scale)
        with np.errstate(all="ignore"):
            found: Array = (ours != theirs) & ~(np.abs(ours - theirs) <= WRONG * self.scale) & ~np.isnan(theirs)
        return found


def order(grid: Array, axis: int) -> Array:
    """Rows (axis 1) or columns (0) by their norms, the largest first; what is not finite counts as largest, and what is
    no number has none.
    """
    if not (is_real(grid) or is_complex(grid)):
        return np.arange(grid.shape[1 - axis])
    with np.errstate(all="ignore"):
        norms = np.linalg.norm(sizes(grid).astype(np.float64, copy=False), axis=axis)
    found: Array = np.argsort(-np.where(np.isfinite(norms), norms, np.inf), kind="stable")
    return found
