"""Counting: digits open panels, or say how often the move is made that follows."""

from __future__ import annotations

from typing import Any

from textual.events import Event, Key
from textual.timer import Timer

from tui.keymap import KEYS

ALONE = 0.4
"""Seconds. A digit that stands alone so long opens its panel."""

DIGITS = 7
"""Of a count, at most."""

COUNTED = ("digit", "stop", "move", "level", "iteration", "match", "cell_change", "tensor", "move_cell", "slice")
"""Actions that a count goes on with, or comes before; any other key forgets it."""


class Counts:
    """What the app takes from here; it is an app with panels.

    A digit that stands alone for a moment opens its panel, and what follows begins anew. Digits typed without a pause,
    and a digit with a move right after it, are a count.
    """

    _digits = ""
    alone: Timer | None = None

    def action_digit(self: Any, digit: str) -> None:
        digits = (self.take_digits() + digit)[:DIGITS]
        self._digits = digits
        if len(digits) == 1:
            self.alone = self.set_timer(ALONE, self.end_digits)
        else:
            self.say(f"{int(digits)} times: a move does it so often, {self.key_of('stop')} forgets it")

    def take_digits(self: Any) -> str:
        """The digits typed so far, which are forgotten."""
        digits, self._digits = self._digits, ""
        if self.alone is not None:
            self.alone.stop()
            self.alone = None
        return digits  # type: ignore[no-any-return]

    def end_digits(self: Any) -> None:
        """What was typed is no count: a digit alone opens its panel."""
        if len(digits := self.take_digits()) == 1:
            self.to_panel(digits)

    def counted(self: Any) -> int:
        """The count typed before this key, 1 where there is none."""
        return max(1, int(self.take_digits() or 1))

    def end_count(self: Any, event: Event) -> None:
        """What a key that takes no count does to one."""
        if self._digits and isinstance(event, Key) and not event.is_forwarded and not self._counts(event.key):
            self.end_digits()

    def _counts(self: Any, key: str) -> bool:
        """Whether a key is one that a count may come before."""
        counted = [binding for binding in KEYS if binding.action.partition("(")[0] in COUNTED]
        return any(key in self.config.keys.get(b.id, b.key).split(",") for b in counted)
