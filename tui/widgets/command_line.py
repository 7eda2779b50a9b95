"""CommandLine: what is typed after the colon. The footer then shows its keys, as letters are text here."""

from __future__ import annotations

from textual.binding import Binding
from textual.widgets import Input


class CommandLine(Input):
    """`Input.Submitted` brings the command."""

    BINDINGS = [
        Binding("enter", "submit", "do it", id="command.submit"),
        Binding("escape,ctrl+c", "app.close_command", "close", key_display="esc", id="command.close"),
    ]
