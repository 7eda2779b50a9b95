"""The scenario picker: what `mtorch` alone shows."""

from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from scenarios import SCENARIOS
from tui.config import read
from tui.widgets.footer import Footer


class Picker(App[str]):
    """Its result is the name of a scenario."""

    CSS_PATH = "styles/app.tcss"
    BINDINGS = [
        # With priority, as the list's own enter, which says nothing, would stand before it.
        Binding("enter", "pick", "debug it", id="picker.pick", priority=True),
        Binding("j", "along(1)", "down", id="picker.down"),
        Binding("k", "along(-1)", "up", id="picker.up"),
        Binding("q,escape", "quit", "quit", key_display="q", id="picker.quit"),
    ]

    def __init__(self, theme: str = "") -> None:
        super().__init__()
        self.theme = theme or self.theme

    def compose(self) -> ComposeResult:
        yield Static("mtorch: which training run?", id="title")
        yield OptionList(*(Option(f"{s.name:<20}{s.summary}", s.name) for s in SCENARIOS.values()), markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def action_along(self, by: int) -> None:
        options = self.query_one(OptionList)
        (options.action_cursor_down if by > 0 else options.action_cursor_up)()

    def action_pick(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _picked(self, message: OptionList.OptionSelected) -> None:
        self.exit(message.option_id)


def pick() -> str | None:
    """The name of the scenario that was chosen, or None. Raises ConfigError."""
    return Picker(read().theme).run()
