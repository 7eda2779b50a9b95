"""Prompt: the command line, opened, closed and carried out."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input

from mtorch.errors import MtorchError
from tui.commands import parse


class Prompt:
    """What the app takes from here; it is an app with an Input called command."""

    def check_action(self: Any, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon is a colon where text is typed."""
        return not (action == "command" and (isinstance(self.focused, Input) or self.screen.is_modal))

    def action_command(self: Any, words: str = "") -> None:
        line = self.query_one("#command", Input)
        line.value, line.cursor_position = words, len(words)
        self._swap(line, True)

    def _swap(self: Any, line: Input, to_input: bool) -> None:
        self.query_one("#line").display, self.query_one("#status").display = to_input, not to_input
        # At once, not by focus(), which comes after keys that have been typed already.
        self.screen.set_focus(line if to_input else self.query_one("#tree"))

    def action_close_command(self: Any) -> None:
        self._swap(self.query_one("#command", Input), False)

    async def on_input_submitted(self: Any, message: Input.Submitted) -> None:
        self._swap(message.input, False)
        if not message.value.strip():
            return
        try:
            command, rest = parse(message.value)
            if command.move:
                self.action_move(command.move, int(rest or 1))
            elif command.takes:
                getattr(self, f"action_{command.action}")(rest)
            else:
                await self.run_action(command.action)
        except MtorchError as error:
            self.say(str(error))
