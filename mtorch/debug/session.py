"""Session: a run in time. Checkpoints and re-execution make any event of any iteration reachable."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from mtorch.debug.events import Address, Trace
from mtorch.debug.report import Report, examine
from mtorch.debug.timeline import MOVES, Position
from mtorch.debug.tracer import trace
from mtorch.training import State, Training

KEEP = 8


class Session:
    """A training and its past. `losses[i]` is the loss per element of iteration i, as far as the run has come.

    The state at the start of every `every`-th iteration is kept by reference; any other is re-executed
    from the checkpoint before it, which is exact because an iteration is a function of state and number.
    """

    def __init__(self, training: Training, every: int = 64) -> None:
        self.training = training
        self.every = every
        self.losses: list[float] = []
        self._checkpoints: dict[int, State] = {0: training.state()}
        self._at = 0
        self._traces: OrderedDict[int, Trace] = OrderedDict()
        self._reports: OrderedDict[int, Report] = OrderedDict()
        self._double: Training | None = None

    def seek(self, iteration: int) -> None:
        """Bring the training to the start of an iteration."""
        if not self._at <= iteration < self._at + self.every:
            start = max(n for n in self._checkpoints if n <= iteration)
            self.training.load_state(self._checkpoints[start])
            self._at = start
        while self._at < iteration:
            self._ran(self.training.step(self._at).per_element)

    def _ran(self, loss: float) -> None:
        if self._at == len(self.losses):
            self.losses.append(loss)
        self._at += 1
        if self._at % self.every == 0:
            self._checkpoints.setdefault(self._at, self.training.state())

    def trace(self, iteration: int) -> Trace:
        """All events of an iteration."""
        if iteration not in self._traces:
            self.seek(iteration)
            found = trace(self.training, iteration)
            self._ran(found.loss)
            remember(self._traces, iteration, found)
        self._traces.move_to_end(iteration)
        return self._traces[iteration]

    def report(self, iteration: int) -> Report:
        """The checks of an iteration's gradients, which is re-executed in double precision for it."""
        if iteration not in self._reports:
            self.seek(iteration)
            if self._double is None:
                self._double = self.training.astype(np.float64)
            self._double.load_state(self.training.state())
            remember(self._reports, iteration, examine(self._double, trace(self._double, iteration)))
        self._reports.move_to_end(iteration)
        return self._reports[iteration]

    def known_report(self, iteration: int) -> Report | None:
        """The report where there is one already; None means "not checked"."""
        return self._reports.get(iteration)

    def move(self, position: Position, move: str) -> Position:
        """One move from a position; over the end of an iteration comes the next, before its start the one before."""
        index = MOVES[move](self.trace(position.iteration).events, position.index)
        if index < 0:
            if position.iteration == 0:
                return Position(0, 0)
            events = self.trace(position.iteration - 1).events
            last = len(events) - 1
            if move == "back-over":
                while events[last].parent is not None:
                    last = events[last].parent or 0
            return Position(position.iteration - 1, 0 if move == "back-finish" else last)
        if index >= len(self.trace(position.iteration).events):
            return Position(position.iteration + 1, 0)
        return Position(position.iteration, index)

    def goto(self, address: Address) -> Position:
        """Where an address is. Raises MtorchError where there is nothing."""
        return Position(address.iteration, self.trace(address.iteration).find(address))


def remember(cache: OrderedDict[int, Any], key: int, value: Any) -> None:
    cache[key] = value
    while len(cache) > KEEP:
        cache.popitem(last=False)
