"""Saving: a session's past, as far as it is at hand, as a recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtorch.debug.recording.layout import is_recording
from mtorch.debug.recording.recorder import PIECE
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from mtorch.errors import DataError


def save(
    session: Session, path: str | Path, meta: Mapping[str, Any], left: Mapping[str, Any], *, replace: bool = False
) -> None:
    """Write losses, checkpoints, the series of the recording that it came from, and the latest traces to a new file.

    With `replace`, in the place of another recording, which stays until all is written.
    """
    path = Path(path)
    new = path.with_name(f"{path.name}.new") if replace else path
    if replace and path.exists() and not is_recording(path):
        raise DataError(f"{path}: is no recording, and is left alone; choose another name")
    write(session, new, meta, left, replace)
    new.replace(path)


def write(session: Session, path: Path, meta: Mapping[str, Any], left: Mapping[str, Any], replace: bool) -> None:
    with session.still(), Writer(path, meta, replace=replace) as writer:
        for first in range(0, len(session.losses), PIECE):
            writer.series(first, [("loss", session.losses[first : first + PIECE])])
        for iteration in session.checkpoints.within(0, len(session.losses) + 1):
            writer.state(iteration, session.checkpoints.state(iteration))
        for name in session.store.names() if session.store else ():
            if name != "loss" and (numbers := session.series(name)) is not None:
                writer.series(0, [(name, numbers)])
        for trace in session.traces():
            writer.trace(trace)
        for kind, value in left.items():
            writer.left(kind, value)
