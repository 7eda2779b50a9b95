"""Recorder of strangers' programs: losses, and some iterations whole, with what was found in them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from mtorch.debug.recording.saving import Content
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import KEEP, Session
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.programs import Program
from mtorch.debug.strangers.tape import Tape


def latest_whole(session: Session) -> Content:
    """What is saved of a program's session: its latest iterations, checked."""
    found = sorted(session.traces(), key=lambda trace: trace.iteration)[-KEEP:]
    # Before the session is to be still, as a check that is under way may wait for it.
    checked = [(trace, session.report(trace.iteration)) for trace in found]

    def content(session: Session, writer: Writer) -> None:
        tape = Tape(writer.path, {})
        tape.begin(writer, {})
        with session.trying():
            for trace, report in checked:
                tape.whole(trace, report)

    return content


class ProgramRecorder:
    """Runs a program from its start into a writer. `at` is the iteration that comes next, `whole` how many of those in
    `keep` have been recorded. There are no checkpoints: a program's state is more than arrays.
    """

    every = 0

    def __init__(self, program: Program, writer: Writer, keep: Collection[int] = ()) -> None:
        self.program, self.keep = program, keep
        self.at = self.whole = 0
        self.tape = Tape(writer.path, {})
        self.tape.begin(writer, {})

    def run(self, stop: int, told: Callable[[float], Any] = lambda loss: None) -> None:
        """Train up to iteration `stop`, telling each loss."""
        for at in range(self.at, stop):
            if at in self.keep:
                loss = self._kept(at)
            else:
                loss = self.program.step(at).per_element
                self.tape.loss(at, loss)
            self.at = at + 1
            told(loss)

    def _kept(self, at: int) -> float:
        state = self.program.state()
        trace = self.program.watched(at)
        with self.program.trials():
            self.tape.add(trace, state.model, examined(trace))
        self.whole += 1
        return trace.loss
