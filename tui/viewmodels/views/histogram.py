"""Histogram: how the numbers of the tensor that shows are spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mtorch.debug.spans import plural
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
    """Counts of bins, of the finite ones of `seen` numbers out of `size`. `middles` are the bins', or the least or the
    largest number where a middle is beyond it. `quartiles` has the 1st and the 99th percentile, too.
    """

    counts: Array
    middles: Array
    quartiles: tuple[float, ...]
    size: int
    seen: int
    lost: int


def spread(array: Array, bins: int = BINS) -> Spread | None:
    """At most so many bins; None where no number is finite. With zero inside the range, a bin lies evenly around it.

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
        width = high / (bins - 1) - low / (bins - 1) or 1.0
        around = np.arange(math.floor(low / width + 0.5), math.ceil(high / width - 0.5) + 1)
        edges, middles = width * (np.append(around, around[-1] + 1) - 0.5), width * around
    else:
        edges = np.linspace(low, high if high > low else low + 1, bins + 1)
        middles = edges[:-1] / 2 + edges[1:] / 2
    # Not numpy's histogram, which raises where the edges are neighbours, or so far apart that it overflows.
    counts = np.bincount(
        np.clip(np.searchsorted(edges, finite, "right") - 1, 0, middles.size - 1), minlength=middles.size
    )
    with np.errstate(over="ignore"):  # the largest numbers of opposite signs are farther apart than any number
        quartiles = tuple(float(q) for q in np.percentile(finite, (1, 25, 50, 75, 99)))
    return Spread(counts, middles.clip(low, high), quartiles, array.size, seen.size, int(seen.size - finite.size))


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """A bar for each bin, as long as its share of the fullest one; then the quartiles."""
    array = scene.array
    if array is None:
        return [line(Part("no tensor shows here", "dim"))]
    if not (is_real(array) or is_complex(array)):
        return [line(Part("there are no numbers in it", "dim"))]
    found = spread(array, max(5, min(BINS, height - 4)))
    if found is None:
        return [line(Part("no number of it is finite" if array.size else "it is empty", "dim"))]
    most, room = int(found.counts.max()), max(1, width - 2 * COUNT - 3)
    rows = []
    for count, middle in zip(found.counts, found.middles, strict=True):
        bar = Part(length(count / most, room, int(count > 0)), "backward" if middle < 0 else "forward")
        rows.append(line(f"{cell(middle):>{COUNT}} ", bar, f" {count:>{COUNT}}"))
    one, quarter, half, three, ninety = map(short, found.quartiles)
    said = [f"quartiles {quarter} {half} {three}", f"1 % {one}  99 % {ninety}"]
    rows += [line(Part(words, "dim")) for words in said]
    if found.seen < found.size:
        rows.append(line(Part(f"of {found.seen} of its {found.size} numbers, evenly spaced", "dim")))
    if found.lost:
        rows.append(line(Part(plural(found.lost, "is not finite", "are not finite"), "wrong")))
    return [fitted(parts, width) for parts in rows]


def title(scene: Scene) -> str:
    array = scene.array
    return "histogram" if array is None else f"histogram of {plain(scene.tensor or '')}, {shape(array.shape)}"
