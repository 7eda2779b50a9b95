"""Samples: what the network was given, should have said and said, and which sample of the batch is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from mtorch.debug.events import Trace
from mtorch.debug.sources import taken
from mtorch.layers.base import Array
from tui.viewmodels.once import once
from tui.viewmodels.scene import Scene

PER_SAMPLE = {"input", "output", "x", "target"}
"""Tensors that have a row for each sample; so have their gradients."""


@dataclass(frozen=True)
class Samples:
    """A batch; None is not known. Of a sequence all have (seq, batch) as their first axes, else (batch,)."""

    input: Array | None = None
    target: Array | None = None
    output: Array | None = None

    @property
    def sequence(self) -> bool:
        return (
            self.input is not None
            and self.output is not None
            and self.output.ndim == 3
            and self.input.shape[:2] == self.output.shape[:2]
        )

    @property
    def count(self) -> int:
        return 0 if self.input is None or self.input.ndim < 2 else self.input.shape[self.sequence]

    @property
    def classes(self) -> bool:
        """Whether targets are numbers of classes."""
        return (
            self.target is not None
            and self.output is not None
            and self.target.dtype.kind in "iu"
            and self.target.shape == self.output.shape[:-1]
        )


@once
def samples(trace: Trace) -> Samples:
    """Those of an iteration, as far as its first forward and its loss show them."""
    forward = next((e for e in trace.events if e.address.phase == "forward"), None)
    loss = next((e for e in trace.events if e.address.phase == "loss"), None)
    names = [] if forward is None else taken(forward)
    name = next((n for n in ("x", "input", *names) if n in names), None)
    given = forward.tensors[name] if forward is not None and name is not None else None
    if loss is None or "output" not in loss.tensors:
        return Samples(given, output=forward.tensors.get("output") if forward is not None else None)
    return Samples(given, loss.tensors.get("target"), loss.tensors["output"])


def per_sample(name: str | None) -> bool:
    """Whether a tensor of that name has a row for each sample."""
    return (name or "").removeprefix("grad_").partition("[")[0] in PER_SAMPLE


def chosen_sample(scene: Scene) -> int:
    """The sample that the chosen cell is about; the first, where it is about none."""
    found, array, cell = samples(scene.trace), scene.array, scene.cell
    if array is None or not cell or not per_sample(scene.tensor):
        return 0
    axis = int(found.sequence and (array.ndim > 2 or scene.tensor == "target"))
    fits = axis < array.ndim and array.shape[axis] == found.count
    return cell[axis] if fits and cell[axis] < found.count else 0
