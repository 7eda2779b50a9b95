"""Session: a run in time. Checkpoints and re-execution make any event of any iteration reachable."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mtorch.debug.events import Address, Trace
from mtorch.debug.report import Report, examine
from mtorch.debug.timeline import MOVES, Position
from mtorch.debug.tracer import trace
from mtorch.training import State, Training

KEEP = 8

Going = Callable[[int], bool]
"""Asked before each iteration of a long run, with its number: go on?"""


class Stopped(Exception):
    """A long run was told to stop; the session is as usable as before."""


class Session:
    """A training and its past. `losses[i]` is the loss per element of iteration i, as far as the run has come;
    `seconds` is what the latest traced iteration took.

    The state at the start of every `every`-th iteration is kept; any other is re-executed from the checkpoint
    before it, which is exact where an iteration is a function of state and number. `inexact` is the first
    iteration whose loss came out otherwise the second time, None as long as all came out the same.
    Its methods may be called from several threads; one at a time runs the training.
    """

    def __init__(self, training: Training, every: int = 64) -> None:
        self.training = training
        self.every = every
        self.losses: list[float] = []
        self.seconds = 0.0
        self.inexact: int | None = None
        self._checkpoints: dict[int, State] = {0: kept(training.state())}
        self._at = 0
        self._traces: OrderedDict[int, tuple[State, Trace]] = OrderedDict()
        self._reports: OrderedDict[int, Report] = OrderedDict()
        self._double = training.astype(np.float64)
        self._running, self._checking = threading.RLock(), threading.RLock()

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        """Bring the training to the start of an iteration. Raises Stopped where `going` says no."""
        with self._running, np.errstate(all="ignore"):
            if not self._at <= iteration < self._at + self.every:
                start = max(n for n in self._checkpoints if n <= iteration)
                if not start <= self._at <= iteration:
                    self.training.load_state(self._checkpoints[start])
                    self._at = start
            with self._whole_iterations():
                while self._at < iteration:
                    if not going(self._at):
                        raise Stopped
                    self._ran(self.training.step(self._at).per_element)

    @contextmanager
    def _whole_iterations(self) -> Iterator[None]:
        """An iteration runs whole or not at all: one that raises leaves a half-changed state behind."""
        try:
            yield
        except Stopped:
            raise
        except BaseException:
            start = max(n for n in self._checkpoints if n <= self._at)
            self.training.load_state(self._checkpoints[start])
            self._at = start
            raise

    def _ran(self, loss: float) -> None:
        if self._at == len(self.losses):
            self.losses.append(loss)
        elif self.inexact is None and loss != self.losses[self._at] and loss == loss:
            self.inexact = self._at
        self._at += 1
        if self._at % self.every == 0:
            self._checkpoints.setdefault(self._at, kept(self.training.state()))

    def trace(self, iteration: int, going: Going = lambda _: True) -> Trace:
        """All events of an iteration. Raises Stopped where `going` says no on the way there."""
        return self._traced(iteration, going)[1]

    def _traced(self, iteration: int, going: Going) -> tuple[State, Trace]:
        with self._running, np.errstate(all="ignore"):
            if iteration not in self._traces:
                self.seek(iteration, going)
                state, began = kept(self.training.state()), time.perf_counter()
                with self._whole_iterations():
                    found = trace(self.training, iteration)
                self.seconds = time.perf_counter() - began
                self._ran(found.loss)
                remember(self._traces, iteration, (state, found))
            self._traces.move_to_end(iteration)
            return self._traces[iteration]

    def distance(self, iteration: int) -> int:
        """How many iterations must run before an iteration's events are at hand."""
        if iteration in self._traces:
            return 0
        start = max(n for n in list(self._checkpoints) if n <= iteration)
        return iteration + 1 - (self._at if start <= self._at <= iteration else start)

    def report(self, iteration: int, going: Going = lambda _: True, *, exhaustive: bool = False) -> Report:
        """The checks of an iteration's gradients, which is re-executed in double precision for it.

        `exhaustive` compares every element besides; such a report is made anew, as the one at hand may be without.
        """
        with self._checking, np.errstate(all="ignore"):
            if exhaustive or iteration not in self._reports:
                state, _ = self._traced(iteration, going)
                self._double.load_state(state)

                def check_going() -> None:
                    if not going(iteration):
                        raise Stopped

                report = examine(trace(self._double, iteration), exhaustive, check_going)
                remember(self._reports, iteration, report)
            self._reports.move_to_end(iteration)
            return self._reports[iteration]

    def known_report(self, iteration: int) -> Report | None:
        """The report where there is one already; None means "not checked"."""
        return self._reports.get(iteration)

    def move(self, position: Position, move: str, going: Going = lambda _: True) -> Position:
        """One move from a position; over the end of an iteration comes the next, before its start the one before."""
        iteration, event = position
        events = self.trace(iteration, going).events
        event = MOVES[move](events, event)
        if event >= len(events):
            return Position(iteration + 1, 0)
        if event >= 0:
            return Position(iteration, event)
        if iteration == 0:
            return Position(0, 0)
        before = self.trace(iteration - 1, going).events
        last = {"back-into": len(before) - 1, "back-over": max(e.index for e in before if e.parent is None)}
        return Position(iteration - 1, last.get(move, 0))

    def goto(self, address: Address, going: Going = lambda _: True) -> Position:
        """Where an address is. Raises MtorchError where there is nothing."""
        return Position(address.iteration, self.trace(address.iteration, going).find(address))

    def nearest(self, position: Position, going: Going = lambda _: True) -> Position:
        """The position itself, or the last event where its iteration has fewer."""
        return Position(position.iteration, min(position.event, len(self.trace(position.iteration, going).events) - 1))

    def next_finding(self, position: Position, going: Going = lambda _: True) -> Position:
        """The first event after a position that a finding points at. Runs until there is one, or Stopped."""
        iteration, event = position
        while True:
            if found := [e for e in self._asked(iteration, going) if e > event]:
                return Position(iteration, found[0])
            iteration, event = iteration + 1, -1

    def previous_finding(self, position: Position, going: Going = lambda _: True) -> Position | None:
        """The last event before a position that a finding points at, or None back to the start of the run."""
        iteration, event = position
        while iteration >= 0:
            found = [e for e in self._asked(iteration, going) if iteration < position.iteration or e < event]
            if found:
                return Position(iteration, found[-1])
            iteration -= 1
        return None

    def _asked(self, iteration: int, going: Going) -> list[int]:
        if not going(iteration):
            raise Stopped
        return sorted(self.report(iteration, going).marked)


def kept(state: State) -> State:
    """A state that nothing can change: an optimiser of the user's may work in place."""
    return State(*({name: np.array(array) for name, array in part.items()} for part in state))


def remember(cache: OrderedDict[int, Any], key: int, value: Any) -> None:
    cache[key] = value
    while len(cache) > KEEP:
        cache.popitem(last=False)
