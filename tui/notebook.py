"""Notebook: what the user leaves with a run: notes, and where they were; in the recording, if the run has one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from mtorch.debug.branches import TRUNK
from mtorch.debug.recording import beside
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.saving import save
from mtorch.debug.recording.writer import update
from mtorch.debug.session import Session
from mtorch.debug.strangers.recorder import latest_whole
from mtorch.errors import MtorchError
from tui.recordings import description, ending
from tui.targets import Target

ONE = {"branches": "branch", "notes": "note"}
IN = " · "
"""Between a branch's name and the address of a note's event."""

LONGEST = 10**9
"""Iterations."""

PARTS = {"branches": 4, "notes": 2}
"""How many texts one of them is."""


class Notebook:
    """`notes` are (address, text); `left` is what a recording says the user left there, by kind.

    A file may say anything: what isn't of the right make is passed over. A `passing` recording is gone when the
    debugger is left. With `fresh`, all begins as if nothing had been left there.
    """

    def __init__(
        self, target: Target | None, recording: Recording | None = None, passing: bool = False, fresh: bool = False
    ) -> None:
        self.target, self.recording, self.passing = target, recording, passing
        self.left: Mapping[str, Any] = recording.left if recording and not fresh else {}
        self._opened = {kind: texts(self.left, kind) for kind in PARTS}
        self.branches, self.notes = self._opened["branches"], list(self._opened["notes"])
        self.saved = ""
        self._safe: Mapping[str, list[list[str]]] = self._opened

    def unread(self, taken: Mapping[str, int]) -> str:
        """In words, of which kinds not all can be read, if of each so many could be taken over; "" where all can."""
        said = {kind: self.left.get(kind, []) for kind in taken}
        lost = [
            kind
            for kind, entries in said.items()
            if (self.recording and kind in self.recording.unread)
            or not isinstance(entries, list)
            or len(entries) > taken[kind]
        ]
        return f"some {' and '.join(lost)} in this file can't be read" if lost else ""

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
    def lengths(self) -> dict[str, int]:
        """How many iterations branches had when they were left, by name."""
        found = self.left.get("lengths")
        entries = found.items() if isinstance(found, dict) else ()
        return {name: length for name, length in entries if type(length) is int and 0 < length < LONGEST}

    @property
    def ending(self) -> str:
        """How the script that was recorded ended, where that is worth saying."""
        recording = self.recording
        return ending(recording.meta.get("failure"), len(recording.kept)) if recording else ""

    @property
    def first(self) -> int:
        """The first iteration that can be shown."""
        return 0 if self.target or not self.recording else self.recording.kept[0]

    def note(self, address: str, text: str) -> None:
        """Note something at an event."""
        self.notes.append([address, text])

    def save(self, session: Session, path: str, left: Mapping[str, Any]) -> int:
        """Write a session's past to a new recording, or, without a path, again to the one that was written last.

        Returns its bytes. Raises MtorchError where that can't be.
        """
        again = not path
        path = path or self.saved
        if not path:
            raise MtorchError("save expects FILE.mtr; save alone writes to it again")
        if self.target is None:
            raise MtorchError("there is nothing to save but what is in its recording already")
        content = latest_whole(session) if self.target.foreign else None
        left = {**left, "notes": self.notes}
        save(session, path, description(self.target), left, replace=again, content=content)
        self.saved = path
        self._safe = {"branches": left.get("branches", []), "notes": list(self.notes)}
        return Path(path).stat().st_size

    def unsaved(self, left: Mapping[str, Any]) -> str:
        """What leaving would lose and how to keep it, in words; "" where all is in a recording, or will be."""
        if self.recording is not None and not self.passing and not beside.locked(self.recording.path):
            return ""  # `close` leaves it there
        here = {"branches": left.get("branches", []), "notes": self.notes}
        new = {kind: sum(entry not in self._safe[kind] for entry in made) for kind, made in here.items()}
        lost = ", ".join(f"{n} {kind if n > 1 else ONE[kind]}" for kind, n in new.items() if n)
        if not lost:
            return ""
        where = f" ({self.recording.path.name} can't be written)" if self.recording else ""
        if self.passing:
            where = " with this recording, which is not kept"
        how = "" if self.target is None else ":save FILE.mtr keeps them, "
        return f"{lost} would be lost{where}; {how}q again leaves"

    def close(self, left: Mapping[str, Any]) -> None:
        """Leave it in the recording that was opened, if one was. Raises DataError where it can't be written."""
        if self.recording is not None:
            update(self.recording.path, lambda there: self._with(there, {**left, "notes": self.notes}))

    def _with(self, there: Mapping[str, Any], left: dict[str, Any]) -> dict[str, Any]:
        """What is left, with the notes and branches that others have left in the file since it was opened."""
        branches = list(left.get("branches", []))
        called: dict[str, str] = {}
        for entry in texts(there, "branches"):
            if entry in branches or entry in self._opened["branches"]:
                continue
            name, parent, *rest = entry
            called[name] = free(name, [branch[0] for branch in branches])
            branches.append([called[name], called.get(parent, parent), *rest])
        notes, opened = texts(there, "notes"), self._opened["notes"]
        left["notes"] = [
            note if note in self.notes else moved(note, called)
            for note in notes
            if note in self.notes or note not in opened
        ]
        left["notes"] += [note for note in self.notes if note not in notes and note not in opened]
        if branches:
            left |= {"branches": branches, "branch": left.get("branch", TRUNK)}
            if isinstance(lengths := there.get("lengths"), dict):
                told = {called.get(name, name): length for name, length in lengths.items()}
                left["lengths"] = {**told, **left.get("lengths", {})}
        return left


def texts(left: Mapping[str, Any], kind: str) -> list[list[str]]:
    """What was left of a kind: lists of so many texts as one of it is."""
    found = left.get(kind)
    return [
        entry
        for entry in (found if isinstance(found, list) else [])
        if isinstance(entry, list) and len(entry) == PARTS[kind] and all(isinstance(part, str) for part in entry)
    ]


def moved(note: list[str], called: Mapping[str, str]) -> list[str]:
    """The note, at its branch's other name if that has got one."""
    name, between, address = note[0].rpartition(IN)
    return [called.get(name, name) + between + address, note[1]]


def free(name: str, taken: Collection[str]) -> str:
    """The name, or one like it that isn't taken."""
    return name if name not in taken else next(n for i in count(2) if (n := f"{name[:30]}-{i}") not in taken)
