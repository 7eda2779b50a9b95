"""The screen that `mtorch.debug.here` opens."""

from __future__ import annotations

from pathlib import Path

from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.window import Window
from tui.notebook import Notebook


def show(path: Path, name: str) -> None:
    """Open the debugger on what was recorded."""
    from tui.app import DebuggerApp

    recording = Recording(path)
    DebuggerApp(Window(recording, "here() shows one call"), name, Notebook(None, recording, passing=True)).run()
