"""Scrolled: text over the screen, that arrows, page keys, j and k scroll."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class Scrolled(ModalScreen[None]):
    """What the text is, and which keys close it, is its subclass's business."""

    BINDINGS = [
        Binding("j", "scroll(1)", show=False, id="scrolled.down"),
        Binding("k", "scroll(-1)", show=False, id="scrolled.up"),
    ]

    def text(self) -> Text:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self.text())

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
