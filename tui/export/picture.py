"""Picture: the debugger's screen as SVG, of an app that runs without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from textual.pilot import Pilot

from mtorch.errors import DataError
from tui.app import DebuggerApp
from tui.crashing import Crash
from tui.export.svg import screen

SIZE = (140, 45)


def picture(
    app: DebuggerApp,
    tensor: str | None = None,
    size: tuple[int, int] = SIZE,
    keys: Sequence[str] = (),
) -> str:
    """An app's screen where it opens, after those keys, when all that they set off has come to an end. Raises Crash."""
    taken: list[str] = []

    async def drive(pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        if tensor is not None:
            app.tensor = tensor
            app.show()
            await settled(app, pilot)
        for key in keys:
            await pilot.press(key)
            await settled(app, pilot)
        if app.is_running:
            taken.append(screen(app, f"mtorch debug {app.target}"))
            app.exit()

    app.run(headless=True, size=size, auto_pilot=drive)
    if app.crashed:
        raise Crash from app.crashed
    if not taken:
        raise DataError(f"{app.target}: the screen could not be drawn")
    return taken[0]


async def settled(app: DebuggerApp, pilot: Pilot[Any]) -> None:
    """Until nothing runs, no timer is pending, and messages have been handled: the check of what shows is there."""
    while True:
        await pilot.pause()
        if not app.is_running:
            return
        if app.workers:
            await app.workers.wait_for_complete()
        elif not app.busy:
            return
        else:
            await asyncio.sleep(0)
