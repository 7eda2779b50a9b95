"""Window: a session of a recording that can't be re-executed here. What was kept whole shows; the rest says why not."""

from __future__ import annotations

import threading
from collections import OrderedDict

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.recording.reader import Recording
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session, remember
from mtorch.debug.spans import ranges
from mtorch.errors import MtorchError
from mtorch.training import State


class Window(Session):
    """`reason` says in words why nothing can be run."""

    def __init__(self, recording: Recording, reason: str) -> None:
        self.recording, self.reason = recording, reason
        self.losses = recording.losses
        self.store = recording
        self.seconds, self.inexact = 0.0, None
        self._latest: Trace | None = None
        self._reports = OrderedDict()
        self._running, self._checking = threading.RLock(), threading.RLock()

    def _refused(self, iteration: int) -> MtorchError:
        kept = self.recording.kept
        there = f"iterations {ranges(kept)} were kept whole" if kept else "no iteration was kept whole"
        return MtorchError(f"iteration {iteration} cannot be run again: {self.reason}; {there}")

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        raise self._refused(iteration)

    def state(self, iteration: int, going: Going = lambda _: True) -> State:
        if iteration in self.recording.checkpoints:
            return self.recording.state(iteration)
        raise self._refused(iteration)

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

    def health(self, iteration: int, going: Going = lambda _: True) -> tuple[Finding, ...]:
        return ()

    def known_health(self, iteration: int) -> tuple[Finding, ...]:
        return ()
