"""Writes docs/screen.svg: the debugger, driven by keys to where the README's walk ends."""

from __future__ import annotations

from pathlib import Path

import scenarios
from mtorch.debug.session import Session
from tui.app import DebuggerApp
from tui.export.picture import picture

NAME = "rnn-sin-cos-seed"
SIZE = (100, 30)
KEYS = "ccccc"

if __name__ == "__main__":
    app = DebuggerApp(Session(scenarios.find(NAME).build()), NAME)
    Path(__file__).with_name("screen.svg").write_text(picture(app, size=SIZE, keys=KEYS), encoding="utf-8")
