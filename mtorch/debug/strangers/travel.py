"""Travel: sessions of strangers' programs: back by copies where these are faithful, else to what was kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from mtorch.debug.checkpoints import BUDGET, SPARSEST
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.differences import differing_traces, identical, same
from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.session import Blame, Going, Session, Stopped
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.programs import Program
from mtorch.debug.strangers.snapshots import Uncopied
from mtorch.errors import MtorchError
from mtorch.training import State

TRIED = 2
"""Iterations that are run twice to see whether copies are faithful."""

LONG = 1.0
"""Seconds; where the first of them takes longer, it is the only one."""

LATEST = 50
"""Iterations that are kept where there are no copies to go back to."""

BUSY = 10**6
"""Iterations: what a run is said to take while checks hold it up."""


def travelling(program: Program, budget: int = BUDGET, blame: Blame = lambda error, _: error) -> ProgramSession:
    """A session of a program. Where it can't be copied, or a copy goes on otherwise, of the latest iterations only."""
    with np.errstate(all="ignore"):
        why = unfaithful(program)
    if not why:
        return ProgramSession(program, budget=budget, blame=blame)
    program = program.again()
    program.copies = False
    return Latest(program, why, blame)


def unfaithful(program: Program) -> str:
    """Why copies of a program are no way back, in words, or "": its first iterations are run twice, from one copy.

    The program is at its start again, if they are.
    """
    try:
        begin = program.state().kept()
    except Uncopied as error:
        return str(error)
    ran: list[Trace] = []
    began = time.perf_counter()
    while len(ran) < TRIED and (not ran or time.perf_counter() - began < LONG):
        try:
            ran.append(program.watched(len(ran)))
        except Exception:
            if not ran:
                raise
            break
    program.state().kept()  # which finds what doesn't change
    program.load_state(begin)
    for trace in ran:
        again = program.watched(trace.iteration)
        found = differing_traces(trace, again, identical)
        if found is not None:
            return f"from a copy, iteration {trace.iteration} came out otherwise ({found.address}, {found.tensor})"
        if not same(np.array(trace.loss), np.array(again.loss)):
            return f"from a copy, iteration {trace.iteration} came out otherwise (its loss)"
    program.load_state(begin)
    return ""


class ProgramSession(Session):
    """A session of a stranger's program. Its gradients are checked as they were computed, in no other precision.

    A check waits for the run, and the run for a check, as both use the program's code.
    """

    training: Program
    way = "back by copies"
    _copying = 0.0

    def _run(self, stop: int, going: Going) -> None:
        """As any, but that copies are not to take longer than what lies between them."""
        first, began, self._copying = self._at, time.perf_counter(), 0.0
        with self.training.at_work():
            super()._run(stop, going)
        if 0 < first < self._at:
            each = (time.perf_counter() - began - self._copying) / (self._at - first)
            self.checkpoints.pace(each)
            while self._copying > self.checkpoints.every * each and self.checkpoints.every < SPARSEST:
                self.checkpoints.every *= 2

    def _keep(self) -> None:
        began = time.perf_counter()
        super()._keep()
        self._copying += time.perf_counter() - began

    def _watched(self, iteration: int) -> Trace:
        return self.training.watched(iteration)

    def _examined(self, state: State, found: Trace, exhaustive: bool, going: Callable[[], None]) -> Report:
        with self.trying():
            return examined(found, exhaustive, going)

    def trying(self) -> AbstractContextManager[None]:
        return self.training.trials()

    def distance(self, iteration: int) -> int:
        there = self._far(iteration)
        if there == 0:
            return 0
        if not self.training.turn.acquire(blocking=False):
            return BUSY
        self.training.turn.release()
        return there

    def _far(self, iteration: int) -> int:
        return super().distance(iteration)

    def health(self, iteration: int, going: Going = lambda _: True) -> tuple[Finding, ...]:
        """Nothing: what rules take for granted need not hold of somebody else's program."""
        return ()

    def known_health(self, iteration: int) -> tuple[Finding, ...]:
        return ()


class Latest(ProgramSession):
    """A session that goes forwards only, and keeps the latest iterations; `why` in words."""

    way = f"the latest {LATEST} only"
    reach = LATEST // 2

    def __init__(self, program: Program, why: str, blame: Blame) -> None:
        super().__init__(program, budget=BUDGET, blame=blame)
        self.why = why
        self.checkpoints = Kept(self)  # type: ignore[assignment]

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        with self._running, np.errstate(all="ignore"):
            if iteration < self._at:
                raise self._refused(iteration)
            while self._at < iteration:
                if not going(self._at):
                    raise Stopped
                self._one(self._at)

    def _one(self, iteration: int) -> None:
        """Run an iteration, which is not run again."""
        state, began = self.training.state().kept(), time.perf_counter()
        try:
            found = self._watched(iteration)
        except BaseException as error:
            raise self.blame(error, iteration) from error.__cause__
        self.seconds = time.perf_counter() - began
        self.losses.append(found.loss)
        self._at = iteration + 1
        self._traces[iteration] = state, found
        if len(self._traces) > LATEST:
            self._traces.popitem(last=False)

    def _refused(self, iteration: int) -> MtorchError:
        there = f"iterations {min(self._traces)}…{max(self._traces)} are at hand" if self._traces else "none is kept"
        return MtorchError(f"iteration {iteration} is gone; {there}, as {self.why}")

    def _traced(self, iteration: int, going: Going) -> tuple[State, Trace]:
        with self._running:
            if iteration not in self._traces:
                self.seek(max(iteration, self._at if iteration < self._at else iteration + 1), going)
            if iteration not in self._traces:
                raise self._refused(iteration)
            return self._traces[iteration]

    def state(self, iteration: int, going: Going = lambda _: True) -> State:
        with self._running:
            if iteration in self._traces:
                return self._traces[iteration][0]
            self.seek(iteration, going)
            return self.training.state().kept()

    def visit(
        self, first: int, stop: int, look: Callable[[int, State], bool], going: Going = lambda _: True
    ) -> int | None:
        return next((i for i in range(first, stop) if look(i, self.state(i, going))), None)

    def _far(self, iteration: int) -> int:
        return 0 if iteration in self._traces else max(0, iteration + 1 - self._at)


class Kept:
    """Stands where a session has its checkpoints: the starts of the iterations that are at hand."""

    def __init__(self, session: Latest) -> None:
        self.session, self.budget = session, BUDGET

    def before(self, iteration: int) -> int:
        return iteration

    def within(self, first: int, stop: int) -> list[int]:
        return [i for i in self.session._traces if first <= i < stop]

    def state(self, iteration: int) -> State:
        return self.session.state(iteration)
