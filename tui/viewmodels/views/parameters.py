"""Parameters: what this iteration's update did to each, and what the optimiser remembers of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from mtorch.debug.events import Trace
from tui.plain import plain
from tui.viewmodels.bars import bar, decades
from tui.viewmodels.here import cut, ljust
from tui.viewmodels.kinds import norm
from tui.viewmodels.lines import HERE, Line, Part, fitted, line
from tui.viewmodels.numbers import shape, short
from tui.viewmodels.once import once
from tui.viewmodels.scene import Scene

NUMBER = 9
NAMES = 26
LOW, HIGH = 1e-4, 1e-2
"""Update ratios outside this range are marked: about 1e-3 is a common rule of thumb (CS231n, "Neural Networks Part 3",
ratio of weights to updates)."""


@dataclass(frozen=True)
class Row:
    """A parameter's norms at its update; `event` is that update's."""

    path: str
    event: int
    shape: tuple[int, ...]
    weight: float | None
    gradient: float | None
    delta: float | None

    @property
    def ratio(self) -> float | None:
        """|delta| / |weight|; None of a weight that is zero."""
        return self.delta / self.weight if self.weight and self.delta is not None else None


@once
def updates(trace: Trace) -> list[Row]:
    found = []
    for event in trace.events:
        if event.address.phase != "update" or "delta" not in event.tensors:
            continue
        before = next((array for name, array in event.tensors.items() if name.endswith(" before")), None)
        sizes = (norm(before), norm(event.tensors.get("gradient")), norm(event.tensors["delta"]))
        found.append(Row(event.address.path, event.index, event.tensors["delta"].shape, *sizes))
    return found


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """A row each: the update ratio and the norms it is made of, as far as there is room; then the optimiser's state."""
    rows = updates(scene.trace)
    if not rows:
        return [line(Part("this iteration updates no parameter that was seen", "dim"))]
    longest = min(NAMES, max(cell_len(plain(row.path)) for row in rows))
    columns = max(1, min(4, (width - longest - 3) // NUMBER))
    room = max(0, width - longest - 3 - columns * NUMBER - 1)
    scale = decades(row.ratio for row in rows if row.ratio is not None)
    head = "".join(f"{name:>{NUMBER}}" for name in ("ratio ", "|delta|", "|weight|", "|grad|")[:columns])
    found = [line(Part(f"{'':{longest + 2}}{head}", "dim"))]
    for row in rows:
        numbers = "".join(f"{told(n):>{NUMBER}}" for n in (row.delta, row.weight, row.gradient)[: columns - 1])
        sign, kind = (" ", "") if row.ratio is None or LOW <= row.ratio <= HIGH else ("!", "warning")
        ours = row.event == scene.index
        found.append(
            line(
                Part(HERE if ours else " ", "bold"),
                Part(ljust(cut(plain(row.path), longest), longest + 1), "bold" if ours else ""),
                Part(f"{told(row.ratio):>{NUMBER - 1}}{sign}", kind),
                numbers,
                " ",
                Part(bar(row.ratio, scale, room) if row.ratio else "", "forward"),
            )
        )
    found.append(line(Part(f"ratio = |delta|/|weight|; ! outside {LOW:g}…{HIGH:g}", "dim")))
    return [fitted(parts, width) for parts in (*found, *remembered(scene))]


def told(value: float | None) -> str:
    """A norm or a ratio, - for none."""
    return "-" if value is None else short(value)


def remembered(scene: Scene) -> list[Line]:
    """The optimiser's state before this iteration."""
    if not scene.optimizer:
        return []
    found: list[Line] = [(), line(Part("the optimiser before this iteration", "bold"))]
    for name, array in scene.optimizer.items():
        array = np.asarray(array)
        said = short(float(array)) if array.size == 1 else f"{shape(array.shape)}  norm {told(norm(array))}"
        found.append(line(f"  {plain(name)}  ", Part(said, "dim")))
    return found


def title(scene: Scene) -> str:
    return f"parameters at iteration {scene.trace.iteration}'s update"
