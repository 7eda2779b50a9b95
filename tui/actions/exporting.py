"""Exporting: what shows, as a file; the choice behind ctrl+e and the command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mtorch.debug.branches import TRUNK
from mtorch.debug.session import Going
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.export import making
from tui.export.files import format_of, free, named, write
from tui.export.svg import screen
from tui.opening import Opened
from tui.screens.export import ExportScreen


class Exports:
    """What the app takes from here; it is an app with a session, a position and the name of the tensor that shows."""

    def action_choose_export(self: Any) -> None:
        if self.free() is not None:
            self.push_screen(ExportScreen(), self._export_as)

    def _export_as(self: Any, format: str | None) -> None:
        if format is not None:
            branch = "" if self.branches.current == TRUNK else f"{self.branches.current} "
            # Once the choice is gone from the screen.
            self.call_after_refresh(self.export, named(Path(), self.target, f"{branch}{self.address}", format), format)

    def action_export(self: Any, words: str) -> None:
        """Into a file whose suffix says the format. Raises MtorchError for another, and where one is there already."""
        path = free(Path(os.path.expanduser(words)))
        if (format := format_of(path)) == "svg":  # once the command line, in which this was typed, is gone from it
            self.call_after_refresh(self.export, path, format)
        else:
            self.export(path, format)

    def export(self: Any, path: Path, format: str) -> None:
        """A picture at once; all else in a worker, which esc stops."""
        if (at := self.free()) is None:
            return
        if format == "svg":
            try:
                write(path, screen(self, f"mtorch debug {self.target}").encode())
            except MtorchError as error:
                self.refuse(str(error))
            else:
                self.say(f"{path}: this screen")
            return
        session, tensor = self.session, self.chosen

        def job(going: Going) -> tuple[Position, str]:
            if format == "html":
                opened = Opened(session, self.notebook.target, self.notebook.recording)
                made = making.report_of(opened, self.target, at.iteration, going)
            elif format == "csv":
                made = making.tensor_table(session, at, tensor, going)
            else:
                made = making.tensors(session, at)
            write(path, made.content)
            return at, f"{path}: {made.words}"

        self.say_running(f"making {path}")
        self.run_far(job, f"making {path}")
