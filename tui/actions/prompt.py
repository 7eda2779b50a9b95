"""Prompt: the command line, opened, closed and carried out."""

from __future__ import annotations

import glob
import os
from typing import Any

from textual.widgets import Input, Static

from mtorch.errors import MtorchError
from tui.commands import COMMANDS, parse
from tui.history import History
from tui.plain import printable
from tui.viewmodels.completion import Context, candidates
from tui.viewmodels.numbers import FORMS
from tui.viewmodels.views import VIEWS
from tui.widgets.command_line import CommandLine
from tui.widgets.line import put

MOST_FILES = 100
"""Files that a completion offers at most."""


class Prompt:
    """What the app takes from here; it is an app with a CommandLine, and `history`."""

    history: History

    def may_act(self: Any, action: str) -> bool:
        """Whether a key does what it is for: a colon is a colon where text is typed."""
        return not (action == "command" and (isinstance(self.focused, Input) or self.screen.is_modal))

    def action_command(self: Any, words: str = "", verb: str = "") -> None:
        """Open the command line, with words in it; or for the rest of a command that has a sign of its own."""
        line = self.query_one(CommandLine)
        line.verb = f"{verb} " if verb else ""
        put(self.query_one("#prompt", Static), COMMANDS[verb].aliases[0] if verb else ":")
        line.placeholder = COMMANDS[verb].takes.lower() if verb else "goto 0 backward rnn t=3"
        line.put(printable(words))  # which may have a name out of a file
        self.history.begin()
        self._swap(line, True)

    def _swap(self: Any, line: Input, to_input: bool) -> None:
        self.query_one("#line").display, self.query_one("#status").display = to_input, not to_input
        # At once, not by focus(), which comes after keys that have been typed already.
        self.screen.set_focus(line if to_input else self.query_one("#tree"))

    def action_close_command(self: Any) -> None:
        self._swap(self.query_one(CommandLine), False)

    async def action_submit_command(self: Any) -> None:
        """Do what stands in the command line, which closes."""
        widget = self.query_one(CommandLine)
        line = widget.line.strip() if widget.value.strip() else ""
        self._swap(widget, False)
        if not line:
            return
        self.history.add(line)
        before, running, self.refused = self.address, self.running, ""
        try:
            await self.carry_out(line)
        except MtorchError as error:
            self.refuse(str(error))
        if not self.refused:
            self.note_typed(line, before, self.running not in (None, running))

    async def carry_out(self: Any, line: str) -> None:
        """Do what a line says, or begin to. Raises MtorchError for what can't be."""
        command, rest = parse(line)
        if command.move:
            self.action_move(command.move, int(rest or 1))
        elif command.takes:
            getattr(self, f"action_{command.action}")(rest)
        else:
            await self.run_action(command.action)

    async def choose(self: Any, name: str) -> None:
        """A command from the palette: done where it takes nothing, else put into the command line."""
        command = COMMANDS[name]
        if command.takes and not command.move:
            self.action_command(f"{name} ")
        else:
            await self.carry_out(name)

    def candidates(self: Any, line: str) -> list[str]:
        """How a line may go on, here. Names that would steer the terminal, which nobody types, are left out."""
        if self.query_one(CommandLine).verb:
            return []  # a text, and no command
        if self.position is None or self.trace is None:
            return candidates(line, Context())
        events = self.trace.events
        outer = [event for event in events if event.parent is None]
        given = [name for event in outer if event.address.phase == "forward" for name in event.tensors]
        given += [name for event in outer for name in event.tensors if name.startswith("target")]
        context = Context(
            self.position.iteration,
            [event.address for event in events],
            list(events[self.position.event].tensors),
            [name for name in given if not name.startswith("output")],
            self.branches.names(),
            ["tensors", *(view.name for view in VIEWS.values())],
            list(FORMS),
            files,
        )
        return [found for found in candidates(line, context) if found.isprintable()]


def files(start: str) -> list[str]:
    """Paths that begin with a text, as it is written; folders with a / at the end."""
    written = os.path.expanduser(start)
    found = sorted(glob.iglob(f"{glob.escape(written)}*"))[:MOST_FILES]
    return [start + path[len(written) :] + ("/" if os.path.isdir(path) else "") for path in found]
