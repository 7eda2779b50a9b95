"""Tabs: the names of an event's tensors, as many as there is room for."""

from __future__ import annotations

from textual.widgets import Static

from tui.messages import Resized


class Tabs(Static):
    """One line."""

    def on_resize(self) -> None:
        self.post_message(Resized())
