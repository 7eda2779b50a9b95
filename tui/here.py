"""The screen that `mtorch.debug.here` opens."""

from __future__ import annotations

import sys
from pathlib import Path

from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.window import Window
from mtorch.errors import MtorchError
from tui.folders import home
from tui.history import History
from tui.notebook import Notebook


def show(path: Path, name: str) -> None:
    """Open the debugger on what was recorded. Raises MtorchError without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise MtorchError("here: the debugger needs a terminal")
    from tui import config
    from tui.app import DebuggerApp

    settings, recording = config.read(), Recording(path)
    window, notebook = Window(recording, "here() shows one call"), Notebook(None, recording, passing=True)
    DebuggerApp(window, name, notebook, history=History(home("state") / "history"), config=settings).run()
