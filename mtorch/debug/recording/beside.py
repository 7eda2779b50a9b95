"""Beside: the write-ahead log that lies beside a recording while it is written, and after its writer was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mtorch.errors import DataError

LARGEST = 2**30
"""Bytes that are copied to where they can be read."""


def log_of(path: Path) -> Path:
    """The log's own file."""
    return path.with_name(f"{path.name}-wal")


def logged(path: Path) -> bool:
    """Whether a recording says that a log is kept beside it."""
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"


def fold(path: Path) -> None:
    """Move what the log holds into the file, and take the log away: nothing where anybody is at it, or can't write.

    The file must have been looked at by a reader, which lets none through that has tables of its own.
    """
    with contextlib.suppress(sqlite3.Error):
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA journal_mode = DELETE")  # SQLite refuses while anybody else has it open


@contextlib.contextmanager
def copy(path: Path) -> Iterator[Path]:
    """A recording and its log in a folder where SQLite can make what it reads logs with, as long as it is entered.

    Raises DataError where there is no room for them.
    """
    log = log_of(path)
    lost = DataError(
        f"{path}: its folder can't be written, which SQLite needs to read what is in {log.name}; "
        "copy the two together to another folder"
    )
    with contextlib.ExitStack() as stack:
        try:
            if path.stat().st_size + log.stat().st_size > LARGEST:
                raise lost
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            for part in (path, log):
                shutil.copyfile(part, folder / part.name)
        except OSError:
            raise lost from None
        yield folder / path.name


def closed(folder: Path) -> bool:
    """Whether nothing can be made in a folder."""
    return not os.access(folder, os.W_OK)


def locked(path: Path) -> bool:
    """Whether nothing can be left in a recording: SQLite needs to make files beside what it writes."""
    return closed(path.absolute().parent) or not os.access(path, os.W_OK)
