"""Touring: the six steps that are shown at the first start."""

from __future__ import annotations

from typing import Any

from textual.events import Event, Key
from textual.widgets import Input, Static

from tui.keymap import KEYS
from tui.viewmodels.tour import STEPS, said

TOURING = "-touring"


class Tours:
    """What the app takes from here; it is an app with a position and a Static called tour."""

    touring: int | None = None
    """Which of the STEPS shows."""

    def action_tour(self: Any) -> None:
        self._show_step(0)

    def _show_step(self: Any, number: int) -> None:
        self.touring = number if number < len(STEPS) else None
        self.screen_stack[0].set_class(self.touring is not None, TOURING)
        if self.touring is not None:
            panel = self.screen_stack[0].query_one("#tour", Static)
            panel.border_title = f"tour: {number + 1} of {len(STEPS)}"
            panel.border_subtitle = "enter goes on, esc ends it"
            panel.update(said(STEPS[number], self.key_of), layout=False)

    def tour_takes(self: Any, event: Event) -> bool:
        """Whether it is a key that is the tour's alone; the one that a step is about does its work, too."""
        return isinstance(event, Key) and not event.is_forwarded and self._take(event.key)

    def _take(self: Any, key: str) -> bool:
        if self.touring is None or self.position is None or self.screen.is_modal or isinstance(self.focused, Input):
            return False
        own = {k for b in KEYS if b.id in STEPS[self.touring].ids for k in self.config.keys.get(b.id, b.key).split(",")}
        if key in own or key == "enter":
            self._show_step(self.touring + 1)
        elif key == "escape":
            self._show_step(len(STEPS))
        return key in ("enter", "escape")
