"""The screen that `mtorch.debug.here` opens."""

from __future__ import annotations

from pathlib import Path

from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.window import Window
from mtorch.errors import MtorchError
from tui.folders import home
from tui.history import History
from tui.notebook import Notebook


def show(path: Path, name: str) -> None:
    """Open the debugger on what was recorded. Raises MtorchError where the user's config can't be used."""
    from tui import config
    from tui.app import DebuggerApp
    from tui.crashing import crashed

    try:
        settings = config.read()
    except config.ConfigError as error:
        raise MtorchError(str(error)) from None
    recording = Recording(path)
    window, notebook = Window(recording, "here() shows one call"), Notebook(None, recording, passing=True)
    app = DebuggerApp(window, name, notebook, history=History(home("state") / "history"), config=settings)
    app.run()
    if app.crashed:
        crashed(app.crashed, f"the debugger on {name}")
