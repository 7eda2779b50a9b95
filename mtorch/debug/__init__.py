"""The engine: watches a training run, remembers it, moves through it, and says what is wrong. Knows no screen."""

from __future__ import annotations

from importlib import import_module
from typing import Any

OFFERED = {"watch": "mtorch.debug.strangers.watched", "here": "mtorch.debug.strangers.here"}
"""What a script may ask of it, by the module that has it: imported when it is asked for."""


def __getattr__(name: str) -> Any:
    if name in OFFERED:
        return getattr(import_module(OFFERED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
