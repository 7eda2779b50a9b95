"""Writes docs/*.svg: the debugger, driven by keys, exports its own screens."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import scenarios
from mtorch.debug.session import Session
from tui.app import DebuggerApp
from tui.export.picture import picture

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


if __name__ == "__main__":
    for name, (keys, size) in PICTURES.items():
        app = DebuggerApp(Session(scenarios.find(NAME).build()), NAME)
        Path(__file__).with_name(f"{name}.svg").write_text(picture(app, size=size, keys=keys), encoding="utf-8")
