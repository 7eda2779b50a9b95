"""ChoiceScreen: lines of which one is chosen, over the screen."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class ChoiceScreen(ModalScreen[ScreenResultType]):
    """What choosing one of the `options` comes to is its subclass's business."""

    BINDINGS = [
        Binding("j", "down", show=False, id="choice.down"),
        Binding("k", "up", show=False, id="choice.up"),
    ]

    def __init__(self, heading: Text, options: Iterable[Text]) -> None:
        super().__init__()
        self.heading, self.options = heading, list(options)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.heading)
            yield OptionList(*map(Option, self.options))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()
