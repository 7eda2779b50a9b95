"""Two runs side by side, in words."""

from __future__ import annotations

import numpy as np

from mtorch.debug.branches import cell_name
from mtorch.debug.differences import Comparison, Difference, Distance, apart
from tui.viewmodels.numbers import short

COLUMNS = (("after", "iteration"), ("loss", ""), ("loss", ""), ("losses", "apart"), ("parameters", "apart"))
"""Headings of two lines, so that the table fits; below "loss" stands whose it is."""

APART = "Apart: as a share of the larger; of parameters, the norms of their difference and of all of them."

LONGEST = 14
"""Characters of a name that fits into a heading."""


def headings(a: str, b: str) -> tuple[str, str]:
    """What two runs are called in a table's headings: by their names, or by letters where these don't do."""
    return (a, b) if a != b and max(len(a), len(b)) <= LONGEST else ("A", "B")


def where_first(found: Comparison, a: str, b: str) -> str:
    """Where two runs of those names first differ, and how much; or that they don't."""
    if found.difference is None:
        return f"the same, bit by bit, in iterations {found.first}…{found.stop - 1}"
    return f"{a} and {b} first differ {what_differs(found.difference, a, b)}"


def what_differs(found: Difference, a: str, b: str) -> str:
    """Where a difference of two runs of those names lies, and what it is."""
    cell = cell_name(found.tensor, found.index)
    place = f"at the start of iteration {found.address}" if found.address.isdigit() else f"at {found.address}"
    if found.a is None or found.b is None:
        return f"{place}: only {b if found.a is None else a} has {cell}"
    said = f"{place}: {cell} is {number(found.a)} in {a}, {number(found.b)} in {b}"
    if found.absolute is None or found.relative is None:
        return said
    return f"{said}: off by {short(found.absolute)} (relative {short(found.relative)})"


def number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.9g}"


def distance_row(distance: Distance) -> tuple[str, ...]:
    """In the order of COLUMNS."""
    losses = f"{distance.loss_a:.6g}", f"{distance.loss_b:.6g}"
    parameters = "-" if distance.parameters is None else short(distance.parameters)
    return str(distance.iteration), *losses, short(losses_apart(distance)), parameters


def heads(named: tuple[str, str]) -> list[tuple[str, str]]:
    """COLUMNS with the two runs' names."""
    return [(above, below or name) for (above, below), name in zip(COLUMNS, ("", *named, "", ""), strict=True)]


def distance_lines(found: Comparison, a: str, b: str) -> list[str]:
    """The distances as a table, and what they are."""
    named = headings(a, b)
    rows = [*zip(*heads(named), strict=True), *map(distance_row, found.distances)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [*table, "", *([] if named == (a, b) else [f"A is {a}, B is {b}."]), APART]


def losses_apart(distance: Distance) -> float:
    """As a share of the larger one."""
    return float(apart(np.array(distance.loss_a), np.array(distance.loss_b))[1])
