"""Writes docs/*.svg: the debugger, driven by keys, exports its own screens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import scenarios
from mtorch.debug.session import Session
from tui.app import DebuggerApp

NAME = "rnn-sin-cos-seed"


class Picture(NamedTuple):
    """Keys that lead to a screen of that size."""

    keys: str
    size: tuple[int, int]


PICTURES = {
    "screen": Picture("ccccc", (100, 30)),  # where the README's walk ends
    "network": Picture("ccccc3", (100, 30)),
    "wide": Picture("ccccc", (180, 50)),
}


async def export(picture: Picture, file: Path) -> None:
    app = DebuggerApp(Session(scenarios.find(NAME).build()), NAME)
    async with app.run_test(size=picture.size) as pilot:
        for key in ["", *picture.keys]:
            await pilot.press(*key)
            # What a key sets off ends in more work: the check, and then the right numbers beside the wrong ones.
            for _ in range(3):
                await pilot.pause(0.2)
                await app.workers.wait_for_complete()
        drawn = app.export_screenshot(title=f"mtorch debug {NAME}")
        # Some renderers drop leading spaces, and with them the tree's indent.
        file.write_text(drawn.replace("<svg ", '<svg xml:space="preserve" ', 1), encoding="utf-8")


if __name__ == "__main__":
    for name, picture in PICTURES.items():
        asyncio.run(export(picture, Path(__file__).with_name(f"{name}.svg")))
