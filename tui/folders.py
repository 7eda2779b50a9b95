"""Folders: where mtorch keeps what is its user's."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home(kind: str = "data") -> Path:
    """The folder for data, config or state: MTORCH_HOME for all three, or where the system has such things."""
    folder = os.environ.get("MTORCH_HOME") or getattr(platformdirs, f"user_{kind}_dir")("mtorch")
    return Path(os.path.abspath(os.path.expanduser(folder)))
