"""Picture: the chosen sample's input, or the tensor that shows, as an image; of a sequence, its course."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtorch.layers.base import Array
from tui.plain import plain
from tui.viewmodels.curve import sparkline
from tui.viewmodels.here import cut
from tui.viewmodels.kinds import is_real
from tui.viewmodels.lines import Line, Part, fitted, line
from tui.viewmodels.numbers import shape, short
from tui.viewmodels.pictures import extent, picture
from tui.viewmodels.samples import Samples, chosen_sample, per_sample, samples
from tui.viewmodels.scene import Scene
from tui.viewmodels.table import Table

LEAST = 6
"""Pixels of a side at least, of an image that lies in a row."""

SAMPLE = 1 << 20
"""Numbers. Of a larger image evenly spaced rows and columns are shown, and the view says so."""


class Shown(NamedTuple):
    """An image (rows, columns), and what it is of."""

    image: Array
    of: str


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """The image as large as fits, and its range."""
    if (found := shown(scene)) is not None:
        image = found.image
        ends = extent(image)
        scale = f"{short(ends[0])}…{short(ends[1])}" if ends else "no number is finite"
        if scene.colour:
            how = "heat by sign" if ends and ends[0] < 0 else "white is the largest"
        else:
            how = "the denser, the larger"
        step = math.isqrt(max(0, image.size - 1) // SAMPLE) + 1
        every = f"  of {step} rows and columns one" if step > 1 else ""
        caption = line(Part(f"{shape(image.shape)}  {scale}  {how}{every}", "dim"))
        rows = [*picture(image[::step, ::step], width, max(1, height - 1), scene.dark, scene.colour), caption]
    elif samples(scene.trace).sequence:
        rows = course(scene, width)
    else:
        rows = [line(Part("nothing here is a picture or a sequence", "dim"))]
    return [fitted(parts, width) for parts in rows]


def title(scene: Scene) -> str:
    if (found := shown(scene)) is not None:
        return plain(found.of)
    return f"sample {chosen_sample(scene)} in time" if samples(scene.trace).sequence else "picture"


def shown(scene: Scene) -> Shown | None:
    """The tensor that shows where it is a parameter, kernels or maps of two axes; else the chosen sample's input; else
    any tensor of two axes, but of sequences.
    """
    given, array, cell = samples(scene.trace), scene.array, scene.cell
    whole = array is not None and is_real(array) and bool(cell) and array.ndim > 1 and array.size > 0
    own = None
    if whole and array is not None and cell and not (given.sequence and per_sample(scene.tensor)):
        own = of_tensor(array, cell, f"{scene.event.address.path} {scene.tensor}".strip(), given)
    mapped = array is not None and array.ndim > 2 and array is not given.input and scene.tensor != "input"
    if own is not None and (mapped or not per_sample(scene.tensor)):
        return own
    number = chosen_sample(scene)
    image = of_sample(given, number)
    if image is None:
        return own
    return Shown(image, f"input of sample {number}{answered(given, number, scene.names.get('output', ()))}")


def of_tensor(array: Array, cell: tuple[int, ...], name: str, given: Samples) -> Shown:
    """The slice in which a cell lies; of weights of pixels in a row, the chosen unit's."""
    side = side_of(given)
    if array.ndim == 2 and side and len(array) == side * side and array.shape != getattr(given.input, "shape", ()):
        return Shown(array[:, cell[1]].reshape(side, side), f"{name}[:,{cell[1]}]")
    table = Table(array).at(cell)
    fixed = dict(zip(table.rest, table.fixed, strict=True))
    index = ",".join(str(fixed[axis]) if axis in fixed else ":" for axis in range(array.ndim))
    return Shown(table.grid, f"{name}[{index}]" if fixed else name)


def side_of(given: Samples) -> int:
    """How many pixels a side of the inputs has, where each is a square that lies in a row; else 0."""
    if given.input is None or given.input.ndim != 2 or given.input.dtype.kind != "f":
        return 0
    side = math.isqrt(given.input.shape[1])
    return side if side >= LEAST and side * side == given.input.shape[1] else 0


def of_sample(given: Samples, number: int) -> Array | None:
    """A sample's input as an image: a square that lies in a row, or (height, width), or channels of it in the mean."""
    if given.input is None or given.sequence or number >= len(given.input):
        return None
    one: Array = given.input[number]
    if side := side_of(given):
        return one.reshape(side, side)
    if one.ndim not in (2, 3) or min(one.shape[-2:]) < LEAST or one.dtype.kind not in "fiu":
        return None
    mean: Array = one.mean(axis=0) if one.ndim == 3 else one
    return mean


def answered(given: Samples, number: int, names: Sequence[str]) -> str:
    """What the network should have said of a sample, and said."""
    if not given.classes or given.target is None or given.output is None or given.target.ndim != 1:
        return ""
    target, answer = int(given.target[number]), int(given.output[number].argmax())
    return f": target {named(target, names)}, answer {named(answer, names)}"


def named(number: int, names: Sequence[str]) -> str:
    return names[number] if 0 <= number < len(names) else str(number)


def course(scene: Scene, width: int) -> list[Line]:
    """Input, target and output of the chosen sample in the course of time, each in a line."""
    given, number = samples(scene.trace), chosen_sample(scene)
    rows: list[Line] = []
    parts = {"input": given.input, "target": given.target, "output": given.output}
    for name, array in parts.items():
        if array is None or not is_real(array) or not array.size:
            continue
        names = scene.names.get("input" if name == "input" else "output", ())
        if name == "output" and given.classes:
            array = array.argmax(axis=-1)
        one = array[:, number].reshape(len(array), -1)
        if one.dtype.kind in "iu":
            words = [named(int(n), names) for n in one[:, 0]]
            said = plain(("" if all(len(word) == 1 for word in words) else " ").join(words))
            rows += [line(Part(f"{name:7}", "dim"), cut(said, max(1, width - 7)))]
            continue
        values, extent = one[:, 0].tolist(), one[:, 0][np.isfinite(one[:, 0])]
        ends = f" {short(extent.min())}…{short(extent.max())}" if extent.size else ""
        room = max(1, width - 7 - len(ends))
        kind = "backward" if name == "output" else "forward"
        rows.append(line(Part(f"{name:7}", "dim"), Part(sparkline(values, room), kind), Part(ends, "dim")))
    steps = len(given.input) if given.input is not None else 0
    many = any(a is not None and a.ndim > 2 and a.shape[-1] > 1 and a.dtype.kind == "f" for a in parts.values())
    rest = ", the first of several numbers" if many and not given.classes else ""
    return [*rows, line(Part(f"t=0…{steps - 1}{rest}; each in its own range", "dim"))]
