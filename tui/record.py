"""What `mtorch record` and `mtorch replay --verify` do, without a screen."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.debug.checkpoints import BUDGET
from mtorch.debug.recording import keep as keeping
from mtorch.debug.recording.machine import differences, machine
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.verify import Otherwise, verify
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from mtorch.debug.strangers.programs import Program
from mtorch.debug.strangers.recorder import ProgramRecorder
from mtorch.errors import DataError, MtorchError, ScenarioError
from tui.guest import blame
from tui.recordings import description
from tui.targets import Target


class Tape:
    """A target that is recorded into a new file. Raises MtorchError for a file or a choice that can't be."""

    def __init__(
        self,
        target: Target,
        path: Path,
        iterations: int | None,
        every: int | None,
        keep: str,
        norms: bool,
        size: int | None,
        force: bool,
    ) -> None:
        self.target, self.path = target, path
        if path.suffix != ".mtr":
            raise ScenarioError(f"-o {path}: expected a name that ends in .mtr, as a recording is known by")
        self.stop = iterations or target.epochs * target.training.epoch
        try:
            kept, self.last = keeping.parse(keep, self.stop)
        except MtorchError as error:
            raise ScenarioError(f"--keep {keep}: {error}") from None
        with target.guest(""):
            about = description(target)
        self.writer = Writer(path, about, replace=force)
        self.recorder: Recorder | ProgramRecorder
        if isinstance(target.training, Program):
            self.recorder = ProgramRecorder(target.training, self.writer, kept)
        else:
            self.recorder = Recorder(target.training, self.writer, every, kept, norms, size or BUDGET)

    def run(self, told: Callable[..., Any]) -> None:
        """To the end, or to Ctrl-C; what was recorded is in the file however it ends."""
        with self.writer:
            try:
                with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"), interruptible() as between:
                    self.recorder.run(self.stop, lambda _: (told(), between()))
            except KeyboardInterrupt:
                self._keep_last()
                raise
            except DataError:
                raise
            except BaseException as error:
                doing = f"iteration {self.recorder.at} (what came before is in {self.path})"
                raise blame(error, self.target.name, self.target.source, doing) from error

    def _keep_last(self) -> None:
        """Of a run that ended early, the last iterations have gone by already: they are run again."""
        if self.last and isinstance(self.recorder, Recorder):
            session = Session(self.target.training, store=Recording(self.path))
            for iteration in range(max(0, self.recorder.at - self.last), self.recorder.at):
                self.writer.trace(session.trace(iteration))


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """While entered, Ctrl-C waits for what is yielded to be called, between iterations; a second one doesn't."""
    pressed = False

    def note(number: int, frame: Any) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, usual)

    def between() -> None:
        if pressed:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield between
        return
    usual = signal.signal(signal.SIGINT, note)
    try:
        yield between
    finally:
        signal.signal(signal.SIGINT, usual)


class Verified:
    """What running a recording again came to."""

    def __init__(self, target: Target, told: Callable[[], Any]) -> None:
        assert target.recording is not None
        self.recording = target.recording
        with target.guest(""):
            self.otherwise: Otherwise | None = verify(target.training, self.recording, lambda _: told() or True)
        here = self.recording.meta.get("machine")
        self.machine = differences(here if isinstance(here, dict) else {}, machine())
