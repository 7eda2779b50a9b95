"""Listing: a title and lines, over the screen, until they have been read."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.binding import Binding

from tui.plain import printable
from tui.screens.scrolled import Scrolled


class Listing(Scrolled):
    """Closed by escape, q or enter. Lines keep their spaces."""

    BINDINGS = [Binding("escape,q,enter", "dismiss", "close", id="listing.close")]

    def __init__(self, title: str, lines: Iterable[str]) -> None:
        super().__init__()
        self.words, self.lines = title, list(map(printable, lines))

    def text(self) -> Text:
        text = Text(f"{self.words}\n\n", "bold")
        text.append("\n".join(self.lines), "not bold")
        return text
