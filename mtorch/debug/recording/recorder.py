"""Recorder: trains, and writes what it takes to go back: losses, norms, checkpoints, whole traces where asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from mtorch.debug.checkpoints import BUDGET, spacing
from mtorch.debug.recording.norms import Norms
from mtorch.debug.recording.writer import Writer
from mtorch.debug.tracer import trace
from mtorch.debug.watching import Watch
from mtorch.errors import DataError
from mtorch.training import Training

PIECE = 256
"""Iterations whose numbers are written together."""

PATIENCE = 1.0
"""Seconds after which they are written even if they are fewer."""


FIRST, PACED = 8, 40
"""Iterations from one checkpoint to the next, until it is known how long one takes, and when that is."""


class Recorder:
    """Runs a training from its start into a writer. `at` is the iteration that comes next.

    A checkpoint goes in every `every` iterations; without that number, as often as it takes about SPAN seconds to
    come from one to the next, but not more than `budget` bytes of them up to the end. A whole trace goes in for the
    iterations in `keep`. What was written is committed piece by piece, so that an end without warning loses the
    latest piece at most.
    """

    def __init__(
        self,
        training: Training,
        writer: Writer,
        every: int | None = None,
        keep: Collection[int] = (),
        norms: bool = True,
        budget: int = BUDGET,
    ) -> None:
        self.training, self.writer, self.keep, self.budget = training, writer, keep, budget
        self.every, self._paced, self._shortest = every or FIRST, every is not None, math.inf
        self.norms = Norms(training) if norms else None
        self.at = 0
        self._losses: list[float] = []
        self._since = time.monotonic()
        writer.state(0, training.state())
        writer.commit()

    def run(self, stop: int, told: Callable[[float], Any] = lambda loss: None) -> None:
        """Train up to iteration `stop`, telling each loss per element. What an iteration raises ends it."""
        watched: list[tuple[Any, tuple[str, ...]]] = [(self.training.optimizer, ("step",))] if self.norms else []
        try:
            with Watch(watched, self.norms or Deaf()):
                while self.at < stop:
                    began, first = time.perf_counter(), self.at
                    self._piece(stop, told)
                    # The first iterations warm caches up, and one that is kept whole takes longer.
                    if not self._paced and first >= FIRST and not any(n in self.keep for n in range(first, self.at)):
                        self._pace(stop, (time.perf_counter() - began) / (self.at - first))
        except DataError:
            raise  # nothing can be written any more
        except BaseException:
            self._write()
            raise
        self._write()

    def _pace(self, stop: int, seconds: float) -> None:
        """An iteration took so long; the shortest of some tells what it takes when nothing else is at work."""
        self._shortest = min(self._shortest, seconds)
        if self.at < PACED:
            return
        self._paced = True
        affordable = max(1, self.budget // max(1, self.training.state().nbytes))
        self.every = max(spacing(self._shortest), -(-stop // affordable))

    def _piece(self, stop: int, told: Callable[[float], Any]) -> None:
        """Iterations up to the next checkpoint, the end of the piece, or the end."""
        end = min(stop, self.at + PIECE - len(self._losses), self.at - self.at % self.every + self.every)
        step, losses, keep = self.training.step, self._losses, self.keep
        for at in range(self.at, end):
            found = trace(self.training, at) if at in keep else None
            loss = found.loss if found is not None else step(at).per_element
            if self.norms is not None:
                self.norms.ended()
            losses.append(loss)
            self.at = at + 1
            if found is not None:
                self.writer.trace(found)
            if time.monotonic() - self._since > PATIENCE:
                self._write()
            told(loss)
        if self.at % self.every == 0:
            self.writer.state(self.at, self.training.state())
        if len(losses) == PIECE:
            self._write()

    def _write(self) -> None:
        if count := len(self._losses):
            columns = self.norms.taken(count) if self.norms else []
            self.writer.series(self.at - count, [("loss", np.array(self._losses)), *columns])
            self._losses.clear()
        self.writer.commit()
        self._since = time.monotonic()


class Deaf:
    """Hears of nothing."""

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None: ...

    def leave(self, target: Any, method: str, result: Any) -> None: ...
