"""Crashing: what is left of an error that is mtorch's own fault: a line on stderr, and a log with the rest."""

from __future__ import annotations

import datetime
import os
import platform
import sys
import traceback
from importlib.metadata import version
from pathlib import Path

from mtorch import __version__
from tui.folders import home
from tui.guest import what
from tui.plain import plain

CRASHED = 70
"""Exit status: sysexits' EX_SOFTWARE. Neither 1, which is a verdict, nor 2, which blames the call."""


class Crash(Exception):
    """What ended an app that runs without a terminal; its cause says what."""


def folder() -> Path:
    """Where logs are: in MTORCH_HOME, or where the system has such things."""
    return home("log") / "log" if os.environ.get("MTORCH_HOME") else home("log")


def crashed(error: BaseException, doing: str) -> int:
    """Write a log with the traceback, say in one line where it is, and return the exit status."""
    now = datetime.datetime.now().astimezone()
    path = folder() / f"crash-{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"
    versions = f"mtorch {__version__}, textual {version('textual')}, Python {platform.python_version()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"{now.isoformat(timespec='seconds')} {doing}\n{versions}\n\n"
        path.write_text(head + "".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
        where = f"the traceback is in {path}"
    except OSError as failure:
        where = f"its log {path} cannot be written: {failure.strerror}"
    print(f"mtorch: {plain(doing)} crashed: {plain(what(error))}; {plain(where)}", file=sys.stderr)
    return CRASHED
