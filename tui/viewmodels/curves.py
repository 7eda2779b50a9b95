"""Curves: numbers over iterations, and a sample's numbers over time, with as many points as can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np

from mtorch.layers.base import Array
from tui.plain import plain
from tui.viewmodels.numbers import short
from tui.viewmodels.samples import chosen_sample, samples
from tui.viewmodels.scene import Scene

TICKS = 6
"""Of an x axis, at most; the narrowest has room for so many of six digits."""


@dataclass(frozen=True, eq=False)
class Curve:
    """`mark` is the letter that stands on a curve where several share a plot; `kind` is its colour, see lines.KINDS."""

    name: str
    x: Array
    y: Array
    mark: str = ""
    kind: str = "forward"


@dataclass(frozen=True, eq=False)
class Plot:
    """Curves that share their axes: `length` whole numbers from 0 on lie along the x axis. `at` is where on it we are,
    None for nowhere.
    """

    caption: str
    curves: tuple[Curve, ...]
    length: int
    at: float | None = None

    @property
    def x(self) -> tuple[int, int]:
        """A single point stands in the middle."""
        return (0, self.length - 1) if self.length > 1 else (-1, 1)

    @property
    def ticks(self) -> list[int]:
        """Six whole numbers at most, so many apart as 1, 2, 5, 10 …"""
        steps = (part * 10**power for power in count() for part in (1, 2, 5))
        step = next(step for step in steps if (self.length - 1) // step < TICKS)
        return list(range(0, max(1, self.length), step))

    @property
    def y(self) -> tuple[float, float]:
        """From below the lowest to above the highest, so that neither lies on the frame."""
        values = np.concatenate([curve.y for curve in self.curves])
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        room = (high - low) / 20 or abs(low) or 1.0
        return low - room, high + room

    def same(self, other: Plot) -> bool:
        """Whether they show the same."""
        return (self.caption, self.length, self.at, len(self.curves)) == (
            other.caption,
            other.length,
            other.at,
            len(other.curves),
        ) and all(
            np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y)
            for a, b in zip(self.curves, other.curves, strict=True)
        )


def plots(scene: Scene, columns: int) -> list[Plot]:
    """The loss; at a forward or the loss, the chosen sample in time; then what is watched."""
    found = [over_iterations("loss per element", np.asarray(scene.losses, dtype=np.float64), scene, columns)]
    if shows_time(scene) and (course := over_time(scene, columns)):
        found.append(course)
    watched = ((name, series) for name, series in scene.watched.items() if series is not None)
    return found + [over_iterations(name, series, scene, columns) for name, series in watched]


def over_iterations(name: str, series: Array, scene: Scene, columns: int) -> Plot:
    """A number of each iteration so far."""
    iteration = scene.trace.iteration
    now = f" {short(float(series[iteration]))} in iteration {iteration}" if iteration < len(series) else ""
    lost = int(len(series) - np.isfinite(series).sum())
    caption = f"{plain(name)}{now}" + (f" · {lost} not finite" if lost else "")
    x, y = decimated(np.arange(len(series)), series, columns)
    return Plot(caption, (Curve(name, x, y),), len(series), iteration if len(series) > 1 else None)


def shows_time(scene: Scene) -> bool:
    return scene.event.address.phase in ("forward", "loss")


def over_time(scene: Scene, columns: int) -> Plot | None:
    """Input, target and output of the chosen sample; None where they are no sequences of numbers."""
    given, number = samples(scene.trace), chosen_sample(scene)
    parts = {"input": given.input, "target": given.target, "output": given.output}
    if not given.sequence or given.classes:
        return None
    found, several = [], False
    for (name, array), kind in zip(parts.items(), ("", "forward", "backward"), strict=True):
        if array is None or array.ndim != 3 or array.dtype.kind != "f" or not array.size:
            continue
        several |= array.shape[2] > 1
        x, y = decimated(np.arange(len(array)), array[:, number, 0].astype(np.float64), columns)
        found.append(Curve(name, x, y, name[0], kind))
    if not found:
        return None
    said = ", ".join(f"{curve.mark} {curve.name}" for curve in found)
    first = ", the first of its numbers" if several else ""
    seq = len(given.input) if given.input is not None else 1
    at = scene.event.address.t if seq > 1 else None
    return Plot(f"sample {number} in time{first}: {said}", tuple(found), seq, at)


def decimated(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """Of more points than two a column, each column's lowest and highest, in their order. Only finite ones."""
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(y) <= 2 * columns:
        return x, y
    edges = np.linspace(0, len(y), columns + 1).astype(int)
    parts = [(a, y[a:b]) for a, b in pairwise(edges)]
    kept = [i for a, part in parts for i in sorted({a + int(part.argmin()), a + int(part.argmax())})]
    return x[kept], y[kept]


def title(scene: Scene) -> str:
    """What there is, from top to bottom; more than shows at once has to be scrolled to."""
    time = ["sample in time"] if shows_time(scene) and over_time(scene, 1) else []
    watched = [plain(name) + (" (not recorded)" if series is None else "") for name, series in scene.watched.items()]
    return f"curves to iteration {len(scene.losses) - 1}: {' ↓ '.join(['loss', *time, *watched])}"
