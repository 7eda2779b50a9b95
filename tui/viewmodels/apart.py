"""Two runs side by side, in words."""

from __future__ import annotations

import numpy as np

from mtorch.debug.branches import cell_name
from mtorch.debug.differences import Comparison, Distance, apart
from tui.viewmodels.numbers import short

COLUMNS = ("iterations", "loss", "loss", "apart", "parameters apart")


def where_first(found: Comparison, a: str, b: str) -> str:
    """Where two runs of those names first differ, and how much; or that they don't."""
    first = found.difference
    if first is None:
        return f"the same, bit by bit, in iterations {found.first}…{found.stop - 1}"
    cell = cell_name(first.tensor, first.index)
    place = f"at the start of iteration {first.address}" if first.address.isdigit() else f"at {first.address}"
    if first.a is None or first.b is None:
        return f"{a} and {b} first differ {place}: only {b if first.a is None else a} has {cell}"
    said = f"{cell} is {number(first.a)} in {a}, {number(first.b)} in {b}"
    if first.absolute is None or first.relative is None:
        return f"{a} and {b} first differ {place}: {said}"
    return (
        f"{a} and {b} first differ {place}: {said}: off by {short(first.absolute)} (relative {short(first.relative)})"
    )


def number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.9g}"


def distance_row(distance: Distance) -> tuple[str, ...]:
    """In the order of COLUMNS."""
    losses = f"{distance.loss_a:.6g}", f"{distance.loss_b:.6g}"
    parameters = "-" if distance.parameters is None else short(distance.parameters)
    return str(distance.iteration), *losses, short(losses_apart(distance)), parameters


def distance_lines(found: Comparison, a: str, b: str) -> list[str]:
    """The distances as a table."""
    head = [f"{column} {name}".strip() for column, name in zip(COLUMNS, ("", a, b, "", ""), strict=True)]
    rows = [head, *map(distance_row, found.distances)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def losses_apart(distance: Distance) -> float:
    """As a share of the larger one."""
    return float(apart(np.array(distance.loss_a), np.array(distance.loss_b))[1])
