"""Notebook: what the user leaves with a run: notes, and where they were; in the recording, if the run has one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtorch.debug.branches import TRUNK
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.saving import save
from mtorch.debug.recording.writer import update
from mtorch.debug.session import Session
from mtorch.errors import MtorchError
from tui.recordings import description
from tui.targets import Target

ONE = {"branches": "branch", "notes": "note"}


class Notebook:
    """`notes` are (address, text); `left` is what a recording says the user left there, by kind.

    A file may say anything: what isn't of the right make is passed over.
    """

    def __init__(self, target: Target | None, recording: Recording | None = None) -> None:
        self.target, self.recording = target, recording
        self.left: Mapping[str, Any] = recording.left if recording else {}
        self.notes: list[list[str]] = self.texts("notes", 2)
        self._safe: dict[str, Any] = {}

    def texts(self, kind: str, length: int) -> list[list[str]]:
        """What was left of a kind: lists of so many texts."""
        found = self.left.get(kind)
        return [
            entry
            for entry in (found if isinstance(found, list) else [])
            if isinstance(entry, list) and len(entry) == length and all(isinstance(part, str) for part in entry)
        ]

    @property
    def position(self) -> str:
        """The address where the user left off, or ""."""
        place = self.left.get("position")
        return place if isinstance(place, str) else ""

    @property
    def branch(self) -> str:
        """The branch that the user left off in, or ""."""
        name = self.left.get("branch")
        return name if isinstance(name, str) and name != TRUNK else ""

    @property
    def first(self) -> int:
        """The first iteration that can be shown."""
        return 0 if self.target or not self.recording else self.recording.kept[0]

    def note(self, address: str, text: str) -> None:
        """Note something at an event."""
        self.notes.append([address, text])

    def save(self, session: Session, path: str, left: Mapping[str, Any]) -> int:
        """Write a session's past to a new recording; returns its bytes. Raises MtorchError where that can't be."""
        if self.target is None:
            raise MtorchError("there is nothing to save but what is in its recording already")
        save(session, path, description(self.target), {**left, "notes": self.notes})
        self._safe = {"branches": left.get("branches", []), "notes": list(self.notes)}
        return Path(path).stat().st_size

    def unsaved(self, left: Mapping[str, Any]) -> str:
        """What would be lost by leaving, in words such as "2 branches, 1 note"; "" where all is in a recording."""
        if self.recording is not None:
            return ""  # which `close` leaves it in
        here = {"branches": left.get("branches", []), "notes": self.notes}
        new = {kind: sum(entry not in self._safe.get(kind, []) for entry in made) for kind, made in here.items()}
        return ", ".join(f"{n} {kind if n > 1 else ONE[kind]}" for kind, n in new.items() if n)

    def close(self, left: Mapping[str, Any]) -> None:
        """Leave it in the recording that was opened, if one was. Raises DataError where it can't be written."""
        if self.recording is not None:
            update(self.recording.path, {**left, "notes": self.notes})
