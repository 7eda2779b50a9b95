"""Session: a run in time. Checkpoints and re-execution make any event of any iteration reachable."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np

from mtorch.debug.checkpoints import BUDGET, Checkpoints, Store
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Address, Trace
from mtorch.debug.health.scale import inconsistent_scale
from mtorch.debug.health.ward import Ward
from mtorch.debug.report import Report, examine
from mtorch.debug.timeline import MOVES, Position
from mtorch.debug.tracer import trace
from mtorch.errors import MtorchError
from mtorch.layers.base import Array
from mtorch.training import State, Training

KEEP = 8
BRIEF = 0.05
"""Seconds. Iterations that take longer are not run for the sake of health alone."""

Going = Callable[[int], bool]
"""Asked before each iteration of a long run, with its number: go on?"""


class Stopped(Exception):
    """A long run was told to stop; the session is as usable as before."""


class Past(Store, Protocol):
    """A run that was recorded: its losses, states and series."""

    @property
    def losses(self) -> list[float]: ...

    def series(self, name: str) -> Array | None: ...

    def names(self) -> list[str]: ...


Blame = Callable[[BaseException, int], BaseException]
"""Makes of what the training's code raised, and the iteration it ran, the error to raise in its place."""


class Session:
    """A training and its past. `losses[i]` is the loss per element of iteration i, as far as the run has come;
    `seconds` is what the latest traced iteration took.

    States are kept at some iterations' starts, within `budget` bytes; any other is re-executed from the
    checkpoint before it, which is exact where an iteration is a function of state and number. `inexact` is the
    first iteration whose loss came out otherwise the second time, None as long as all came out the same.
    Its methods may be called from several threads; one at a time runs the training. What the training's code
    raises comes out as `blame` makes it. With a `store`, the run goes on from what was recorded. `first` is the
    iteration at whose start the training stands; none before it can be shown. `end` is the first iteration that can't
    be had any more, `horizon` says so, and `reason` why; a training goes on for ever.
    """

    way = why = ""
    """How it goes back, in a few words, and why no better, where that is to be said."""
    reach: int | None = None
    """How many iterations it may run ahead of those that are still to be looked at; None is any."""
    reason = ""
    """Why nothing can be run beyond what is at hand."""

    @property
    def end(self) -> float:
        return math.inf

    @property
    def clean(self) -> bool:
        """Whether it is known that there is no finding in any iteration."""
        return False

    @property
    def horizon(self) -> str:
        return ""

    def __init__(
        self,
        training: Training,
        every: int | None = None,
        budget: int = BUDGET,
        blame: Blame = lambda error, _: error,
        store: Past | None = None,
        first: int = 0,
    ) -> None:
        if store is not None:
            training.load_state(store.state(0))
        self.training, self.store = training, store
        self.losses: list[float] = list(store.losses) if store else []
        self.seconds = 0.0
        self.inexact: int | None = None
        self.blame = blame
        self.checkpoints = Checkpoints(first, training.state(), every, budget, store)
        self._at = first
        self._traces: OrderedDict[int, tuple[State, Trace]] = OrderedDict()
        self._reports: OrderedDict[int, Report] = OrderedDict()
        self._health: OrderedDict[int, tuple[Finding, ...]] = OrderedDict()
        self.ward = Ward(self)
        self._double = training.astype(np.float64)
        self._running, self._checking = threading.RLock(), threading.RLock()

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        """Bring the training to the start of an iteration. Raises Stopped where `going` says no."""
        with self._running, np.errstate(all="ignore"):
            start = self.checkpoints.before(iteration)
            if not start <= self._at <= iteration:
                self._at = -1  # a state that turns out not to fit leaves none behind
                self.training.load_state(self.checkpoints.state(start).kept())
                self._at = start
            with self._whole_iterations():
                while self._at < iteration:
                    began, first = time.perf_counter(), self._at
                    self._run(min(iteration, self.checkpoints.after(first)), going)
                    if first:  # the very first ones warm caches up
                        self.checkpoints.pace((time.perf_counter() - began) / (self._at - first))

    def _run(self, stop: int, going: Going) -> None:
        step, losses = self.training.step, self.losses
        for at in range(self._at, stop):
            if not going(at):
                raise Stopped
            loss = step(at).per_element
            if at == len(losses):
                losses.append(loss)
            else:
                self._again(at, loss)
            self._at = at + 1
        self._keep()

    def _again(self, at: int, loss: float) -> None:
        """An iteration has been run before: its loss should be the same."""
        if self.inexact is None and loss != self.losses[at] and loss == loss:
            self.inexact = at

    def _keep(self) -> None:
        if self.checkpoints.due(self._at):
            self.checkpoints.add(self._at, self.training.state())

    def state(self, iteration: int, going: Going = lambda _: True) -> State:
        """The state at the start of an iteration, in arrays of its own."""
        with self._running:
            self.seek(iteration, going)
            return self.training.state().kept()

    def visit(
        self, first: int, stop: int, look: Callable[[int, State], bool], going: Going = lambda _: True
    ) -> int | None:
        """The first iteration of first … stop - 1 at whose start `look` says yes, None where it never does.

        It is handed the iteration and the state at its start, by reference: for a moment's look only.
        """
        with self._running, np.errstate(all="ignore"):
            for iteration in range(first, stop):
                self.seek(iteration, going)
                if look(iteration, self.training.state()):
                    return iteration
        return None

    def stretches(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Of the iterations first … stop - 1 those that can be had, as stretches first … stop - 1."""
        return [(first, stop)] if first < stop else []

    def since(self, iteration: int) -> int:
        """The first iteration of a stretch that goes on to this one, from whose start it is run."""
        return self.checkpoints.before(iteration)

    def parameters(self, iteration: int, going: Going = lambda _: True) -> dict[str, Array]:
        """The parameters at an iteration's start by path, by reference."""
        self.seek(iteration, going)
        return self.training.parameters()

    def present(self) -> State:
        """Some state of the run, by reference: for names and shapes."""
        with self.still():
            return self.training.state()

    def series(self, name: str) -> Array | None:
        """A number per iteration, as far as it is at hand without running anything: "loss" is; None is not at hand."""
        if name == "loss":
            return np.array(self.losses)
        return self.store.series(name) if self.store else None

    @property
    def names(self) -> Mapping[str, Sequence[str]]:
        """What units are called: see Training. A run that is recorded only has no such names."""
        return getattr(getattr(self, "training", None), "names", {})

    @contextmanager
    def still(self) -> Iterator[None]:
        """While entered, nothing runs."""
        with self._running:
            yield

    def traces(self) -> list[Trace]:
        """Those that are at hand."""
        return [found for _, found in self._traces.values()]

    @contextmanager
    def _whole_iterations(self) -> Iterator[None]:
        """An iteration runs whole or not at all: one that raises leaves a half-changed state behind."""
        try:
            yield
        except Stopped:
            raise
        except BaseException as error:
            failed, start = self._at, self.checkpoints.before(self._at)
            self.training.load_state(self.checkpoints.state(start).kept())
            self._at = start
            raise self.blame(error, failed) from error.__cause__

    def trace(self, iteration: int, going: Going = lambda _: True) -> Trace:
        """All events of an iteration. Raises Stopped where `going` says no on the way there."""
        return self._traced(iteration, going)[1]

    def _traced(self, iteration: int, going: Going) -> tuple[State, Trace]:
        with self._running, np.errstate(all="ignore"):
            if iteration not in self._traces:
                self.seek(iteration, going)
                state, began = self.training.state().kept(), time.perf_counter()
                with self._whole_iterations():
                    found = self._watched(iteration)
                self.seconds = time.perf_counter() - began
                if iteration == len(self.losses):
                    self.losses.append(found.loss)
                self._again(iteration, found.loss)
                self._at = iteration + 1
                self._keep()
                remember(self._traces, iteration, (state, found))
            self._traces.move_to_end(iteration)
            return self._traces[iteration]

    def known_state(self, iteration: int) -> State | None:
        """The state at an iteration's start, where its trace is at hand."""
        known = self._traces.get(iteration)
        return known[0] if known else None

    def _watched(self, iteration: int) -> Trace:
        """Run an iteration, from whose start the training is at, and hear of all events."""
        return trace(self.training, iteration)

    def _examined(self, state: State, found: Trace, exhaustive: bool, going: Callable[[], None]) -> Report:
        """The checks of an iteration that started from a state, and was traced. Raises MtorchError where it has other
        events in double precision, as then their numbers mean others.
        """
        self._double.load_state(state.kept())
        double = trace(self._double, found.iteration)
        if [event.address for event in double.events] != [event.address for event in found.events]:
            raise MtorchError("in double precision other layers are called than in the run itself")
        return examine(double, exhaustive, going)

    def trying(self) -> AbstractContextManager[None]:
        """While entered, calls of a trace can be made again."""
        return nullcontext()

    def distance(self, iteration: int) -> int:
        """How many iterations must run before an iteration's events are at hand."""
        if iteration in self._traces:
            return 0
        start = self.checkpoints.before(iteration)
        return iteration + 1 - (self._at if start <= self._at <= iteration else start)

    def report(self, iteration: int, going: Going = lambda _: True, *, exhaustive: bool = False) -> Report:
        """The checks of an iteration's gradients, which is re-executed in double precision for it.

        `exhaustive` compares every element besides; such a report is made anew, as the one at hand may be without.
        """
        with self._checking, np.errstate(all="ignore"):
            if exhaustive or iteration not in self._reports:
                state, found = self._traced(iteration, going)

                def check_going() -> None:
                    if not going(iteration):
                        raise Stopped

                try:
                    report = self._examined(state, found, exhaustive, check_going)
                except Stopped:
                    raise
                except BaseException as error:
                    raise self.blame(error, iteration) from error.__cause__
                remember(self._reports, iteration, report)
            self._reports.move_to_end(iteration)
            return self._reports[iteration]

    def health(self, iteration: int, going: Going = lambda _: True) -> tuple[Finding, ...]:
        """What is wrong with the training itself, by the window of iterations that ends at this one; warnings mostly.

        Iterations are run for it where they are short: whoever steps must not have to wait for them. Where a gradient
        was found wrong, all are compared in scale. Raises Stopped where `going` says no.
        """
        with self._checking, np.errstate(all="ignore"):
            if iteration not in self._health:
                found = self.ward.findings(iteration, going, longest=BRIEF)
                if (report := self._reports.get(iteration)) is not None and not report.ok:
                    said = {(finding.cause, finding.iteration) for finding in report.findings}
                    found = tuple(f for f in found if (f.cause, f.iteration) not in said)
                    found += tuple(inconsistent_scale(report.trace))
                remember(self._health, iteration, found)
            return self._health[iteration]

    def known_health(self, iteration: int) -> tuple[Finding, ...] | None:
        """The same where it is known already; None means that it isn't."""
        return self._health.get(iteration)

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
        """The first event after a position that a finding points at. Runs until there is one, or Stopped.

        Raises MtorchError where none can come any more.
        """
        iteration, event = position
        while True:
            if iteration >= self.end:
                raise MtorchError(f"no finding after this: {self.horizon}")
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
        return sorted(self.report(iteration, going).marked) if self.stretches(iteration, iteration + 1) else []


def remember(cache: OrderedDict[int, Any], key: int, value: Any) -> None:
    cache[key] = value
    while len(cache) > KEEP:
        cache.popitem(last=False)
