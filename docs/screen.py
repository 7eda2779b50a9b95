"""Writes docs/screen.svg: the debugger, driven by keys to where the README's walk ends, exports its own screen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import scenarios
from mtorch.debug.session import Session
from tui.app import DebuggerApp

NAME = "rnn-sin-cos-seed"
SIZE = (100, 30)
KEYS = "ccccc"


async def export(file: Path) -> None:
    app = DebuggerApp(Session(scenarios.find(NAME).build()), NAME)
    async with app.run_test(size=SIZE) as pilot:
        for key in ["", *KEYS]:
            await pilot.press(*key)
            # What a key sets off ends in more work: the check, and then the right numbers beside the wrong ones.
            for _ in range(3):
                await pilot.pause(0.2)
                await app.workers.wait_for_complete()
        picture = app.export_screenshot(title=f"mtorch debug {NAME}")
        # Some renderers drop leading spaces, and with them the tree's indent.
        file.write_text(picture.replace("<svg ", '<svg xml:space="preserve" ', 1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(export(Path(__file__).with_name("screen.svg")))
