"""Debugging: the debugger opened on a target, until the user leaves it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import config
from tui.frame import Frame
from tui.leaving import leave
from tui.terminal import fail, on_terminal, served, under_way
from tui.wanted import Wanted

if TYPE_CHECKING:
    from tui.app import DebuggerApp

SIZE = (120, 40)
"""Of the screen that nobody sees."""


def debug(
    wanted: Wanted,
    *,
    beside: str | None = None,
    passing: bool = False,
    commands_file: Path | None = None,
    headless: bool = False,
) -> int:
    """Run the debugger on a target, and return the exit status.

    `beside` is the target of another run, to be shown with it. A `passing` recording is gone once it is left. What
    comes of the commands of a file is printed without a terminal, or where it is to be `headless`; then nothing is left
    in a recording. Raises MtorchError and ConfigError.
    """
    if headless and commands_file is None:
        raise click.UsageError("--headless goes with --commands")
    if not (on_terminal() or served()):
        if commands_file is None:
            raise click.UsageError(f"the debugger needs a terminal; without one, use {instead(wanted)}")
        headless = True
    settings = config.read()

    def load() -> tuple[type[DebuggerApp], dict[str, Any]]:
        try:
            return parts(wanted, beside, passing, commands_file, headless, settings.tour)
        finally:
            gc.freeze()
            gc.enable()

    if served():
        from tui.serving import end_with_server

        end_with_server()
    app: Frame
    if wanted.scenario and not headless and (beside is None or Wanted(beside).scenario):
        app = Frame(settings, wanted.name, load)
        app.run()
    else:
        # Other people's code may print, or ask for something: it is run before there is a screen.
        with under_way(f"loading {wanted.name}"):
            kind, given = load()
        app = kind(**given, config=settings)
        app.run(headless=headless, **({"size": SIZE} if headless else {}))
    return leave(ended(app, f"the debugger on {wanted.name}", headless))


def parts(
    wanted: Wanted, beside: str | None, passing: bool, commands_file: Path | None, headless: bool, tour: bool
) -> tuple[type[DebuggerApp], dict[str, Any]]:
    """A debugger's class, and what it takes: the first iteration has run. Raises MtorchError."""
    from mtorch.debug.lockstep import Other
    from tui.app import DebuggerApp
    from tui.command_file import CommandFile
    from tui.folders import first_start, home
    from tui.history import History
    from tui.notebook import Notebook
    from tui.opening import open_target

    commands, other = CommandFile(commands_file, headless) if commands_file else None, None
    session, target, recording = open_target(wanted)
    notebook = Notebook(target, recording, passing, fresh=headless)
    if recording is None:
        session.trace(0)
    if beside is not None:
        session_beside = open_target(wanted._replace(name=beside, source=None, recorded=False)).session
        other = Other(session_beside, Path(beside).name or beside)
    return DebuggerApp, {
        "session": session,
        "target": wanted.name,
        "notebook": notebook,
        "other": other,
        "history": History(None if headless else home("state") / "history"),
        "script": commands,
        "tour": commands is None and tour and first_start(),
    }


def ended(app: Frame, doing: str, headless: bool) -> int:
    """Keep what is to be kept, say what is to be said, and return the exit status."""
    from tui.app import DebuggerApp
    from tui.crashing import crashed

    if app.failure is not None:
        raise app.failure
    if isinstance(app, DebuggerApp):
        if app.script and headless:
            click.echo("\n".join(app.script.transcript), nl=False)
        if not headless:
            keep(app)
    if app.crashed:
        return crashed(app.crashed, doing)
    if isinstance(app, DebuggerApp) and app.script and app.script.failure:
        return fail(app.script.failure)
    return app.return_code or 0


def keep(app: DebuggerApp) -> None:
    """Leave in a recording where the user was, and what they made there."""
    from mtorch.errors import DataError
    from tui.plain import plain

    try:
        app.notebook.close(app.left)
    except DataError as error:
        click.echo(f"mtorch: {plain(error)}; where you were, and your notes, are not kept", err=True)
    except Exception as error:  # an app that crashed may not even know where it was
        app.crashed = app.crashed or error


def instead(wanted: Wanted) -> str:
    """What does for a target without a terminal."""
    from tui.targets import is_recording

    name = wanted.name
    recorded = wanted.recorded or is_recording(name)
    return f"mtorch replay --verify {name}" if recorded else f"mtorch check {name} or mtorch train {name}"
