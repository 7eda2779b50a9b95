"""NotesScreen: all notes, one after the other; enter goes to where one was made."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.widgets import OptionList

from tui.plain import plain
from tui.screens.choice import ChoiceScreen


class NotesScreen(ChoiceScreen[int | None]):
    """Dismissed with the place of the one that was chosen, or with None by escape or q."""

    BINDINGS = [Binding("escape,q", "dismiss(None)", "close", id="notes.close")]

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = [plain(line) for line in lines]
        super().__init__(Text("Notes (enter goes to one, delete-note N forgets one)", "bold"), map(Text, self.lines))

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option_index)
