"""Saving: a session's past, as far as it is at hand, as a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mtorch.debug.recording.layout import is_recording
from mtorch.debug.recording.recorder import PIECE
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from mtorch.errors import DataError

Content = Callable[[Session, Writer], None]


def save(
    session: Session,
    path: str | Path,
    meta: Mapping[str, Any],
    left: Mapping[str, Any],
    *,
    replace: bool = False,
    content: Content | None = None,
) -> None:
    """Write a session's past, as `content` does it, to a new file, and what was left with it.

    With `replace`, in the place of another recording, which stays until all is written.
    """
    path = Path(path)
    new = path.with_name(f"{path.name}.new") if replace else path
    if replace and path.exists() and not is_recording(path):
        raise DataError(f"{path}: is no recording, and is left alone; choose another name")
    with session.still(), Writer(new, meta, replace=replace) as writer:
        for first in range(0, len(session.losses), PIECE):
            writer.series(first, [("loss", session.losses[first : first + PIECE])])
        (content or states_and_traces)(session, writer)
        for kind, value in left.items():
            writer.left(kind, value)
    new.replace(path)


def states_and_traces(session: Session, writer: Writer) -> None:
    """Checkpoints, the series of the recording that it came from, and the latest traces."""
    for iteration in session.checkpoints.within(0, len(session.losses) + 1):
        writer.state(iteration, session.checkpoints.state(iteration))
    for name in session.store.names() if session.store else ():
        if name != "loss" and (numbers := session.series(name)) is not None:
            writer.series(0, [(name, numbers)])
    for trace in session.traces():
        writer.trace(trace)
