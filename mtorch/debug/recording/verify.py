"""Verify: a recording re-executed, and compared bit by bit at each checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mtorch.debug.differences import furthest, identical
from mtorch.debug.events import Trace
from mtorch.debug.recording.reader import Recording
from mtorch.debug.session import Stopped
from mtorch.debug.tracer import trace
from mtorch.layers.base import Array
from mtorch.training import State, Training


@dataclass(frozen=True)
class Difference:
    """Where a run first came out otherwise than it was recorded.

    `first` is the first iteration that did: exactly where its loss shows it, else the first after the last
    checkpoint that was the same. `tensor` is what differs at the start of iteration `checkpoint`, or "loss".
    """

    first: int
    checkpoint: int
    tensor: str
    index: tuple[int, ...]
    recorded: float
    again: float
    exact: bool

    @property
    def absolute(self) -> float:
        return abs(self.again - self.recorded)


def verify(training: Training, recording: Recording, told: Callable[[int], bool] = lambda _: True) -> Difference | None:
    """Run a training through all that was recorded; None where all is the same, bit by bit.

    `told` hears each iteration before it runs; Stopped where it says no.
    """
    recording.check()
    start = recording.state(0)
    if found := differing(start, training.state()):
        return Difference(0, 0, *found, True)
    losses = recording.losses
    checkpoints, same, otherwise = set(recording.checkpoints), 0, None
    with np.errstate(all="ignore"):
        for at in range(len(losses) + 1):
            if at in checkpoints and (found := differing(recording.state(at), training.state())):
                first = same if otherwise is None else otherwise
                return Difference(first, at, *found, otherwise is not None)
            same = at if at in checkpoints else same
            if at == len(losses):
                break
            if not told(at):
                raise Stopped
            if at in recording.kept:
                again = trace(training, at)
                if unlike := otherwise_kept(recording.trace(at), again):
                    return Difference(at, at, *unlike, True)
                loss = again.loss
            else:
                loss = training.step(at).per_element
            if otherwise is None and not identical(np.array(loss), np.array(losses[at])):
                otherwise = at
    if otherwise is not None:
        return Difference(otherwise, otherwise, "loss", (), losses[otherwise], loss, True)
    return None


def otherwise_kept(recorded: Trace | None, again: Trace) -> tuple[str, tuple[int, ...], float, float] | None:
    """The first tensor of an iteration that was kept whole that isn't the same."""
    events = recorded.events if recorded is not None else ()
    if recorded is None or len(events) != len(again.events):
        return "its number of events", (), float(len(events)), float(len(again.events))
    for before, now in zip(events, again.events, strict=True):
        names = {**before.tensors, **now.tensors}
        for name in names:
            where = f"{now.address.phase} {now.address.path} {name}"
            if before.address != now.address or name not in before.tensors or name not in now.tensors:
                return where, (), float("nan"), float("nan")
            if not identical(before.tensors[name], now.tensors[name]):
                return where, *cell_apart(before.tensors[name], now.tensors[name])
    return None if identical(np.array(recorded.loss), np.array(again.loss)) else ("loss", (), recorded.loss, again.loss)


def differing(recorded: State, again: State) -> tuple[str, tuple[int, ...], float, float] | None:
    """The first tensor that isn't the same, its cell that is furthest off, and that cell's two numbers."""
    for before, now in zip(recorded, again, strict=True):
        for name in {**before, **now}:
            if name not in before or name not in now:
                return name, (), float("nan"), float("nan")
            if not identical(before[name], np.asarray(now[name])):
                return name, *cell_apart(before[name], np.asarray(now[name]))
    return None


def cell_apart(a: Array, b: Array) -> tuple[tuple[int, ...], float, float]:
    """The cell where two arrays differ most; none where they have no cells in common."""
    return furthest(a, b) if a.shape == b.shape and a.size else ((), float("nan"), float("nan"))
