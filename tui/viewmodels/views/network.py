"""Network: every layer with the norm of its output going forward and of that output's gradient coming back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from rich.cells import cell_len

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.layers.base import Array
from tui.plain import plain
from tui.viewmodels import tree
from tui.viewmodels.bars import bar, decades
from tui.viewmodels.here import cut, ljust
from tui.viewmodels.kinds import is_complex, is_real, sizes
from tui.viewmodels.lines import HERE, Line, Part, fitted, line
from tui.viewmodels.numbers import short
from tui.viewmodels.once import once
from tui.viewmodels.scene import Scene
from tui.viewmodels.tree import WRONG, WRONG_INSIDE

RIGHT, UNCHECKED = "✓", " "
NUMBER = 8
NAMES = 22
"""Cells of a name at most."""


@dataclass
class Row:
    """A layer, with the sums of squares of all its calls in this iteration; None where it wasn't called."""

    path: str
    forward: float | None = None
    backward: float | None = None
    events: list[int] = field(default_factory=list)
    calls: int = 0

    @property
    def norms(self) -> tuple[float | None, float | None]:
        """Of what its calls gave out forward, and of what was handed to them backward."""
        forward, backward = (None if total is None else math.sqrt(total) for total in (self.forward, self.backward))
        return forward, backward


def square(array: Array) -> float:
    flat = np.asarray(sizes(array), dtype=np.float64).ravel()
    return float(flat @ flat)


@once
def layers(trace: Trace) -> list[Row]:
    """A row for each layer, in the order of their first calls."""
    rows: dict[str, Row] = {}
    for event in trace.events:
        phase, path, t = event.address.phase, event.address.path, event.address.t
        if phase not in ("forward", "backward") or not path or event.label == f"t={t}":
            continue
        row = rows.setdefault(path, Row(path))
        row.events.append(event.index)
        outputs = [
            a for name, a in event.tensors.items() if name == ("output" if phase == "forward" else "grad_output")
        ]
        outputs = [a for a in outputs if is_real(a) or is_complex(a)]
        if not outputs:
            continue
        row.calls += phase == "forward"
        setattr(row, phase, square(outputs[0]) + (getattr(row, phase) or 0.0))
    return list(rows.values())


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """Both columns of bars share one scale, whose ends the last line says."""
    rows = layers(scene.trace)
    norms = {row.path: row.norms for row in rows}
    scale = decades(value for pair in norms.values() for value in pair if value is not None)
    names = {row.path: "  " * row.path.count(".") + plain(row.path.rsplit(".", 1)[-1]) for row in rows}
    longest = min(NAMES, max(map(cell_len, names.values()), default=0))
    room = max(1, (width - longest - 4 - 2 * (NUMBER + 2)) // 2)
    known = marks(scene.report) if scene.report else {}
    found = [line(Part(f"{'':{longest + 4}}{'output, forward':<{room + NUMBER + 2}}gradient, back", "dim"))]
    for row in rows:
        mark, kind = known.get(row.path, (UNCHECKED, ""))
        ours = scene.index in row.events
        forward, backward = norms[row.path]
        found.append(
            line(
                Part(HERE if ours else " ", "bold"),
                Part(f"{mark} ", kind),
                Part(ljust(cut(names[row.path], longest), longest + 1), "bold" if ours else ""),
                *amount(forward, scale, room, "forward"),
                "  ",
                *amount(backward, scale, room, "backward"),
            )
        )
    found.append(line(Part(f"norms of all calls; bars logarithmic, {ends(scale)}", "dim")))
    found.append(line(Part(f"{RIGHT} checked and right  {WRONG} wrong  {WRONG_INSIDE} wrong inside", "dim")))
    return [fitted(parts, width) for parts in found]


def amount(value: float | None, scale: tuple[int, int], room: int, kind: str) -> tuple[Part, Part]:
    if value is None:
        return Part(" " * room), Part("-".rjust(NUMBER), "dim")
    return Part(bar(value, scale, room), kind), Part(short(value).rjust(NUMBER))


def ends(scale: tuple[int, int]) -> str:
    return f"1e{scale[0]}…1e{scale[1]}"


@once
def marks(report: Report) -> Mapping[str, tuple[str, str]]:
    """By path: wrong itself, wrong inside, or right in all that was checked; nothing of what is not known."""
    unsure = {check.path for check in report.checks if not check.ok}
    found = {check.path: (RIGHT, "right") for check in report.checks if check.path not in unsure}
    for sign in (WRONG_INSIDE, WRONG):
        marked = (event for event, mark in tree.marks(report.trace.events, report.faulty).items() if mark == sign)
        found.update({report.trace.events[event].address.path: (sign, "wrong") for event in marked})
    return found


def title(scene: Scene) -> str:
    return f"network in iteration {scene.trace.iteration}"
