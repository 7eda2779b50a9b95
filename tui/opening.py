"""Opening: a target as a session, with what made it."""

from __future__ import annotations

from typing import NamedTuple

from mtorch.debug.recording.reader import Recording
from mtorch.debug.session import Session
from mtorch.errors import ScenarioError
from tui.targets import Target, is_recording, load
from tui.wanted import Wanted


class Opened(NamedTuple):
    """`target` is None where a recording can't be run again, `recording` where it is none."""

    session: Session
    target: Target | None
    recording: Recording | None

    @property
    def first(self) -> int:
        """The first iteration that can be shown."""
        return 0 if self.target or not self.recording else self.recording.kept[0]


def open_target(wanted: Wanted) -> Opened:
    """The target that is wanted, ready to run. Raises MtorchError."""
    name, seed, assignments, data, source, memory, _ = wanted
    if wanted.recorded or is_recording(name):
        from tui import recordings

        if seed is not None:
            raise ScenarioError(f"--seed {seed}: {name} has its own; a recording is run as it was")
        return Opened(*recordings.opened(name, assignments, data, source, memory))
    if source is not None:
        raise ScenarioError(f"--source {source}: {name} is no recording")
    target = load(name, seed, assignments, data)
    return Opened(target.session(memory), target, None)
