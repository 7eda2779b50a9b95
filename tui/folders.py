"""Folders: where mtorch keeps what is its user's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs


def home(kind: str = "data") -> Path:
    """The folder for data, config, state or log: MTORCH_HOME for all, or where the system has such things."""
    folder = os.environ.get("MTORCH_HOME") or getattr(platformdirs, f"user_{kind}_dir")("mtorch")
    return Path(os.path.abspath(os.path.expanduser(folder)))


def first_start() -> bool:
    """Whether the debugger was never started before; it was, then. Not where that can't be marked."""
    mark = home("state") / "started"
    with contextlib.suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(exist_ok=False)
        return True
    return False
