"""NotesScreen: all notes, one after the other; enter goes to where one was made."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.plain import plain


class NotesScreen(ModalScreen[int | None]):
    """Dismissed with the place of the one that was chosen, or with None by escape or q."""

    BINDINGS = [
        Binding("escape,q", "dismiss(None)", "close", id="notes.close"),
        Binding("j", "down", show=False, id="notes.down"),
        Binding("k", "up", show=False, id="notes.up"),
    ]

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__()
        self.lines = [plain(line) for line in lines]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Text("Notes (enter goes to one, delete-note N forgets one)", "bold"))
            yield OptionList(*(Option(Text(line)) for line in self.lines))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option_index)
