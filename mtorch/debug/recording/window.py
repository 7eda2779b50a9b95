"""Window: a session of a recording that can't be re-executed here. What was kept whole shows; the rest says why not."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.recording.reader import Recording
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session, remember
from mtorch.debug.spans import ranges, runs
from mtorch.errors import MtorchError
from mtorch.layers.base import Array
from mtorch.training import State


class Window(Session):
    """`reason` says in words why nothing can be run. Parameters are what the updates kept began and ended with."""

    def __init__(self, recording: Recording, reason: str) -> None:
        self.recording, self.reason = recording, reason
        self.losses = recording.losses
        self.store = recording
        self.seconds, self.inexact = 0.0, None
        self._latest: Trace | None = None
        self._reports = OrderedDict()
        self._running, self._checking = threading.RLock(), threading.RLock()

    @property
    def end(self) -> float:
        return len(self.losses)

    @property
    def horizon(self) -> str:
        kept = self.recording.kept
        if not kept:
            return "no iteration was kept whole"
        return f"only iteration{'s' * (len(kept) > 1)} {ranges(kept)} {'were' if len(kept) > 1 else 'was'} kept whole"

    @property
    def clean(self) -> bool:
        """Whether something was looked for, and nothing found."""
        return self.recording.reported and not self.recording.found

    def _refused(self, iteration: int) -> MtorchError:
        there = "" if iteration in self.recording.kept else f"{self.horizon}; "
        return MtorchError(f"{there}iteration {iteration} cannot be run again: {self.reason}")

    def stretches(self, first: int, stop: float) -> list[tuple[int, int]]:
        return runs(n for n in self.recording.kept if first <= n < stop)

    def since(self, iteration: int) -> int:
        within = next((begin for begin, end in self.stretches(0, math.inf) if begin <= iteration < end), None)
        if within is None:
            raise self._refused(iteration)
        return within

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        raise self._refused(iteration)

    def state(self, iteration: int, going: Going = lambda _: True) -> State:
        if iteration in self.recording.checkpoints:
            return self.recording.state(iteration)
        if iteration in self.recording.kept:
            return State(self.updates(iteration, "before"), {})
        if iteration - 1 in self.recording.kept:
            return State(self.updates(iteration - 1, "after"), {})
        raise self._refused(iteration)

    def updates(self, iteration: int, when: str) -> dict[str, Array]:
        """Parameters by path, as an iteration's updates show them "before" or "after"."""
        return {
            event.address.path: tensor
            for event in self.trace(iteration).events
            if event.address.phase == "update"
            for name, tensor in event.tensors.items()
            if name.rpartition(" ")[2] == when
        }

    def parameters(self, iteration: int, going: Going = lambda _: True) -> dict[str, Array]:
        return self.updates(iteration, "before")

    def present(self) -> State:
        """Of parameters only what updates show: of nothing else it is known what becomes of it."""
        if not self.recording.kept:
            return self.recording.state(max(self.recording.checkpoints))
        return State(self.updates(self.recording.kept[0], "before"), {})

    def visit(
        self, first: int, stop: int, look: Callable[[int, State], bool], going: Going = lambda _: True
    ) -> int | None:
        return next((n for n in range(first, stop) if look(n, self.state(n, going))), None)

    def known_state(self, iteration: int) -> State | None:
        return None

    def trace(self, iteration: int, going: Going = lambda _: True) -> Trace:
        with self._running:
            if self._latest is None or self._latest.iteration != iteration:
                found = self.recording.trace(iteration)
                if found is None:
                    raise self._refused(iteration)
                self._latest = found
            return self._latest

    def distance(self, iteration: int) -> int:
        return 0

    def report(self, iteration: int, going: Going = lambda _: True, *, exhaustive: bool = False) -> Report:
        with self._checking:
            if iteration not in self._reports:
                found = self.recording.report(self.trace(iteration))
                if found is None:
                    raise MtorchError(f"gradients can't be checked: {self.reason}")
                remember(self._reports, iteration, found)
            return self._reports[iteration]

    def known_report(self, iteration: int) -> Report | None:
        """What was recorded, which is only read."""
        with contextlib.suppress(MtorchError):
            return self.report(iteration)
        return None

    def health(self, iteration: int, going: Going = lambda _: True) -> tuple[Finding, ...]:
        return ()

    def known_health(self, iteration: int) -> tuple[Finding, ...]:
        return ()
