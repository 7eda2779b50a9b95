"""Following: a file of commands, carried out one after the other; and writing down what was typed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from tui.command_file import CommandFile, Line, entry, write
from tui.commands import parse
from tui.guest import what
from tui.plain import plain
from tui.screens.choice import ChoiceScreen
from tui.screens.listing import Listing

MOMENT = 0.005
"""Seconds between looks at whether all has settled."""


class Follows:
    """What the app takes from here; it is an app with a prompt. `script` is the file it follows, if any.

    `typed` are the commands of this session, with a goto where something else had moved in between.
    """

    script: CommandFile | None
    typed: list[str]
    _transcribed: tuple[str, list[str]] = ("", [])
    """What was said last of where we are."""
    _led = ""
    """Where the latest of `typed` led."""
    _leading: int | None = None
    """Which of them a run that is under way was begun by."""

    @property
    def busy(self: Any) -> bool:
        """Whether something runs, a digit waits, or the iteration that shows is still to be checked."""
        if self.running is not None or self.checking is not None or self.alone is not None:
            return True
        if any(not worker.is_finished for worker in self.workers if worker.group != "follow"):
            return True
        return not self.judged

    async def settled(self: Any) -> None:
        """Until nothing runs, and what workers have posted was handled."""
        while True:
            while self.busy or self.playing:
                await asyncio.sleep(MOMENT)
            handled = asyncio.Event()
            self.call_after_refresh(handled.set)
            await handled.wait()
            if not (self.busy or self.playing):
                return

    async def follow(self: Any, script: CommandFile) -> None:
        await self.settled()
        if self.position is None:
            script.fail(None, self.refused)
        for line in script.lines:
            if script.failure or await self._follow_line(script, line):
                break
        if script.failure:
            self.say(script.failure)
        if script.headless:
            self.exit()

    async def _follow_line(self: Any, script: CommandFile, line: Line) -> bool:
        """Carry out one line, and whether that was the end."""
        while self.screen.is_modal:
            await self.pop_screen()
        self.refused = ""
        self.say("")
        try:
            if parse(line.text)[0].action == "quit":
                self.exit()
                return True
            await self.carry_out(line.text)
            await self.settled()
        except Exception as error:  # a user's own layers may raise anything
            self.refused = what(error)
        if self.refused:
            script.fail(line, self.refused)
        else:
            here = self.address, self.here_words()
            words = [] if here == self._transcribed else here[1]
            script.transcript.append(entry(plain(line.text), self.address, plain(self.said), words, self._over()))
            self._transcribed = here
        return False

    def _over(self: Any) -> list[str]:
        """What a list over the screen says."""
        screen = self.screen
        if isinstance(screen, Listing):
            return [screen.words, *screen.lines]
        if isinstance(screen, ChoiceScreen):
            return [line for text in (screen.heading, *screen.options) for line in text.plain.split("\n")]
        return []

    def note_typed(self: Any, line: str, before: str, begun: bool) -> None:
        """A line was carried out, or has begun a run."""
        command, _ = parse(line)
        if command.action not in ("log", "quit", "help"):
            moved = before != self._led and command.action != "goto"
            self.typed += [*([f"goto {before}"] if moved else []), line]
        if begun:
            self._leading = len(self.typed) - 1
        elif self.running is None:
            self._led = self.address

    def led(self: Any, came: bool) -> None:
        """A run is over: if it was a command's, this is where that led; if it came nowhere, that is not done again."""
        if self._leading is not None:
            if not came:
                del self.typed[self._leading]
            self._led, self._leading = self.address, None

    def action_log(self: Any, path: str) -> None:
        write(Path(os.path.expanduser(path)), self.target, self.typed)
        self.say(f"{path}: what was typed; mtorch debug {self.target} --commands {path} does it again")
