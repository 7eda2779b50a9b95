"""Typing: keys have their effect in the order in which they were typed."""

from __future__ import annotations

from typing import Any

from textual.events import Event, Key, Paste
from textual.widgets import Input

from tui.widgets.command_line import CommandLine


class Types:
    """What the app takes from here; it is an app with a CommandLine.

    Textual sends a key to what has the focus, and looks for a binding when it has come back from there, behind keys
    that were typed after it and may have gone elsewhere. Here a key is done before the next one is looked at. Other
    inputs than the command line are left to Textual until escape ends them, and what it has maximized.
    """

    async def typed_here(self: Any, event: Event) -> bool:
        """Whether it is a key, or pasted text, that has had its effect."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            return False
        focused = self.focused
        if isinstance(focused, CommandLine) and (isinstance(event, Paste) or event.is_printable):
            await focused.take(event)
            return True
        return isinstance(event, Key) and await self._done(event.key, focused)

    async def _done(self: Any, key: str, focused: Any) -> bool:
        """Whether a key has a binding that was carried out."""
        elsewhere = isinstance(focused, Input) and not isinstance(focused, CommandLine) and key != "escape"
        if elsewhere or self.screen.maximized:
            return False
        return await self._check_bindings(key, priority=True) or await self._check_bindings(key)
