"""Notes: the app's commands for what the user notes at events, and going back to where it was noted."""

from __future__ import annotations

from typing import Any

from mtorch.debug.branches import TRUNK
from mtorch.debug.events import Address
from mtorch.debug.session import Going
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.commands import chosen
from tui.notebook import IN


class Notes:
    """What the app takes from here; it is an app with a notebook, branches and the address of the event that shows."""

    @property
    def noted_place(self: Any) -> str:
        """Where the screen is, as notes have it: of what a branch shares with the trunk, the trunk's."""
        owner = self.branches.owner(self.position.iteration) if self.position else TRUNK
        return self.address if owner == TRUNK else f"{owner}{IN}{self.address}"

    @property
    def noted_here(self: Any) -> list[str]:
        """The notes of the event that shows, with their numbers."""
        here = self.noted_place
        return [f"note {n}: {text}" for n, (place, text) in enumerate(self.notebook.notes, 1) if place == here]

    def action_note(self: Any, words: str) -> None:
        if self.position is None:
            self.refuse("nothing shows yet at which something could be noted")
            return
        self.notebook.note(self.noted_place, words)
        self.say(f"noted at {self.noted_place}; notes lists all")
        self.show()

    def action_notes(self: Any) -> None:
        if not self.notebook.notes:
            self.say("no notes yet; note TEXT makes one here")
            return
        # Its list's widget takes as long to import as a tenth of Textual: not before it is needed.
        from tui.screens.notes import NotesScreen

        lines = (f"{n}: {place}: {text}" for n, (place, text) in enumerate(self.notebook.notes, 1))
        self.push_screen(NotesScreen(lines), self.go_to_note)

    def action_delete_note(self: Any, words: str) -> None:
        notes = self.notebook.notes
        gone = chosen("delete-note", words, range(1, len(notes) + 1), "note")
        notes[:] = [note for n, note in enumerate(notes, 1) if n not in gone]
        rest = "; the others are numbered anew" if notes else ""
        self.say(f"forgot {'note' if len(gone) == 1 else 'notes'} {words}{rest}")
        self.show()

    def go_to_note(self: Any, number: int | None) -> None:
        if number is None:
            return
        place, text = self.notebook.notes[number]
        name, _, words = place.rpartition(IN)
        try:
            address = Address.parse(words)
            branch = name or TRUNK
            if branch not in self.branches.names():
                self.branches.branch(branch)  # which says so
        except MtorchError as error:
            self.say(str(error))
            return

        def job(at: Position, going: Going) -> tuple[Position, str]:
            other = self.branches.owner(address.iteration) != branch
            session = self.branches.session(branch, going) if other else self.session
            there = session.goto(address, going)
            if other:
                self.enter(branch, there, going)
            return there, f"note {number + 1}: {text}"

        self.start(job, f"going to {place}")
