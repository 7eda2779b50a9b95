"""Histogram: how the numbers of the tensor that shows are spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtorch.layers.base import Array
from tui.plain import plain
from tui.viewmodels.bars import length
from tui.viewmodels.extent import sample
from tui.viewmodels.kinds import is_complex, is_real, sizes
from tui.viewmodels.lines import Line, Part, fitted, line
from tui.viewmodels.numbers import cell, shape, short
from tui.viewmodels.scene import Scene

BINS = 21
COUNT = 9


@dataclass(frozen=True)
class Spread:
    """Counts between edges, of the finite ones of `seen` numbers out of `size`. `quartiles` has the 1st and the 99th
    percentile, too.
    """

    counts: Array
    edges: Array
    quartiles: tuple[float, ...]
    size: int
    seen: int
    lost: int


def spread(array: Array, bins: int = BINS) -> Spread | None:
    """None where no number is finite. With zero inside the range, an edge pair lies evenly around it.

    Of complex numbers magnitudes are counted.
    """
    if not (is_real(array) or is_complex(array)):
        return None
    seen = np.asarray(sizes(sample(array)), dtype=np.float64)
    finite = seen[np.isfinite(seen)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    if low < 0 < high:
        high = max(-low, high)
        low = -high
    # Not numpy's histogram, which raises where the two are neighbours, or so far apart that it overflows.
    edges = 2 * np.linspace(low / 2, (high if high > low else low + 1) / 2, bins + 1)
    places = np.clip(np.searchsorted(edges, finite, "right") - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(over="ignore"):
        quartiles = tuple(float(q) for q in np.percentile(finite, (1, 25, 50, 75, 99)))
    return Spread(counts, edges, quartiles, array.size, seen.size, int(seen.size - finite.size))


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """A bar for each bin, as long as its share of the fullest one; then the quartiles."""
    array = scene.array
    if array is None:
        return [line(Part("no tensor shows here", "dim"))]
    if not (is_real(array) or is_complex(array)):
        return [line(Part("there are no numbers in it", "dim"))]
    found = spread(array, max(5, min(BINS, (height - 3) | 1)) if height > 8 else 5)
    if found is None:
        return [line(Part("no number of it is finite" if array.size else "it is empty", "dim"))]
    most, room = int(found.counts.max()), max(1, width - 2 * COUNT - 3)
    rows = []
    for count, low, high in zip(found.counts, found.edges[:-1], found.edges[1:], strict=True):
        middle = low / 2 + high / 2
        kind = "backward" if middle < 0 else "forward"
        label = cell(0.0 if abs(middle) < 1e-12 * high else middle)
        bar = Part(length(count / most, room, int(count > 0)), kind)
        rows.append(line(f"{label:>{COUNT}} ", bar, f" {count:>{COUNT}}"))
    one, quarter, half, three, ninety = map(short, found.quartiles)
    rows.append(line(Part(f"1 % {one}  quartiles {quarter} {half} {three}  99 % {ninety}", "dim")))
    if found.seen < found.size:
        rows.append(line(Part(f"of {found.seen} of its {found.size} numbers, evenly spaced", "dim")))
    if found.lost:
        rows.append(line(Part(f"{found.lost} are not finite", "wrong")))
    return [fitted(parts, width) for parts in rows]


def title(scene: Scene) -> str:
    array = scene.array
    return "histogram" if array is None else f"histogram of {plain(scene.tensor or '')}, {shape(array.shape)}"
