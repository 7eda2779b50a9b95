"""CommandLine: what is typed after the colon. The footer then shows its keys, as letters are text here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.binding import Binding
from textual.events import Key, Paste
from textual.suggester import Suggester
from textual.widgets import Input

from tui.history import History

Candidates = Callable[[str], list[str]]


class CommandLine(Input):
    """`candidates` says how a line may go on."""

    BINDINGS = [
        Binding("enter", "app.submit_command", "do it", id="command.submit"),
        Binding("tab", "complete(1)", "complete", id="command.complete"),
        Binding("shift+tab", "complete(-1)", show=False, id="command.complete-back"),
        Binding("up", "browse(-1)", "earlier", key_display="↑", id="command.earlier"),
        Binding("down", "browse(1)", show=False, key_display="↓", id="command.later"),
        Binding("escape,ctrl+c", "app.close_command", "close", key_display="esc", id="command.close"),
    ]

    def __init__(self, candidates: Candidates, history: History, **options: Any) -> None:
        super().__init__(suggester=Likeliest(candidates), **options)
        self.candidates, self.history = candidates, history
        self._cycle: list[str] = []

    verb = ""
    """A command that what is typed is the rest of; it does not show."""

    @property
    def line(self) -> str:
        """The whole command."""
        return self.verb + self.value

    def put(self, words: str) -> None:
        self.value, self.cursor_position = words, len(words)

    async def take(self, event: Key | Paste) -> None:
        """What is typed or pasted, if it is text."""
        if isinstance(event, Key):
            await self._on_key(event)
        else:
            self._on_paste(event)

    def action_complete(self, by: int) -> None:
        """The first way to go on; where that one stands already, the next or the one before."""
        if len(self._cycle) > 1 and self.value in self._cycle:
            self.put(self._cycle[(self._cycle.index(self.value) + by) % len(self._cycle)])
        elif found := self.candidates(self.value):
            self._cycle = found
            self.put(found[0 if by > 0 else -1])

    def action_browse(self, by: int) -> None:
        self.put(self.history.browse(by, self.line, self.verb).removeprefix(self.verb))


class Likeliest(Suggester):
    """Shows the first way to go on, once something is typed."""

    def __init__(self, candidates: Candidates) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.candidates = candidates

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self.candidates(value)), None) if value.strip() else None
