"""Writer: a recording while it is made. What was committed stays readable, whatever happens next."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from mtorch.debug.events import Trace
from mtorch.debug.recording.layout import (
    APPLICATION_ID,
    LONGEST_VALUE,
    PAGE,
    REPORT_STATEMENTS,
    SCHEMA,
    STATEMENTS,
    is_recording,
    packed,
)
from mtorch.debug.recording.reader import LEFT, left_of
from mtorch.debug.report import Report
from mtorch.errors import DataError
from mtorch.training import State

LOG = 8000
"""Pages that are written beside the file before they are moved into it: each time the disk is waited for."""


class Writer:
    """A new recording at a path where there is nothing yet, or, with `replace`, another recording.

    Raises DataError where it can't be written.

    Nothing is to be seen of an addition before `commit`. `close` leaves one file; until then readers see
    what was committed.
    """

    def __init__(self, path: str | Path, meta: Mapping[str, Any], *, replace: bool = False) -> None:
        self.path, self._committed = Path(path), False
        self._reports = False
        with self._told():
            if not self.path.parent.is_dir():
                raise DataError(f"{self.path}: there is no folder {self.path.parent}")
            if os.path.lexists(self.path) and not replace:
                raise DataError(f"{self.path}: exists already; choose another name, or remove it first")
            if os.path.lexists(self.path) and not is_recording(self.path):
                raise DataError(f"{self.path}: is no recording, and is left alone; choose another name")
            for name in (self.path.name, *(f"{self.path.name}-{part}" for part in ("wal", "shm", "journal"))):
                self.path.with_name(name).unlink(missing_ok=True)  # what a killed recorder left, too
            self._base = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            for pragma in (
                f"page_size = {PAGE}",
                f"application_id = {APPLICATION_ID}",
                f"user_version = {SCHEMA}",
                "journal_mode = WAL",
                "synchronous = NORMAL",
                f"wal_autocheckpoint = {LOG}",
            ):
                self._base.execute(f"PRAGMA {pragma}")
            self._base.execute("BEGIN")
            for statement in STATEMENTS:
                self._base.execute(statement)
            self._file = os.stat(self.path).st_ino
            for name, value in meta.items():
                self.meta(name, value)
            self.commit()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            kept = "; what was committed before can be read" if self._committed else ""
            raise DataError(f"{self.path}: cannot be written: {said}{kept}") from error

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """What is added goes in whole, or, whatever interrupts it, not at all."""
        with self._told():
            self._base.execute("SAVEPOINT addition")
            try:
                yield
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has undone everything already
                    self._base.execute("ROLLBACK TO addition")
                    self._base.execute("RELEASE addition")
                raise
            self._base.execute("RELEASE addition")

    def meta(self, name: str, value: Any) -> None:
        """Note something about the run, in place of what was noted under that name."""
        with self._told():
            self._base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def left(self, kind: str, value: Any) -> None:
        """Note what the user leaves there, in place of what was there of that kind."""
        with self._told():
            self._base.execute("INSERT OR REPLACE INTO left VALUES (?, ?)", (kind, short(value)))

    def series(self, first: int, columns: Iterable[tuple[str, Any]]) -> None:
        """A number for each iteration from `first` on, under each name."""
        rows = [(name, first, dtype, data) for name, (dtype, _, data) in ((n, packed(v)) for n, v in columns)]
        with self._whole():
            self._base.executemany("INSERT INTO series VALUES (?, ?, ?, ?)", rows)

    def state(self, iteration: int, state: State) -> None:
        """The state at the start of an iteration."""
        rows = [
            (iteration, part, name, *packed(array))
            for part, arrays in state._asdict().items()
            for name, array in arrays.items()
        ]
        with self._whole():
            self._base.executemany("INSERT INTO states VALUES (?, ?, ?, ?, ?, ?)", rows)

    def trace(self, trace: Trace) -> None:
        """An iteration's whole trace."""
        at = trace.iteration
        events, tensors = [], []
        for e in trace.events:
            where = (e.address.phase, e.address.path, e.address.t, e.label, e.depth, e.parent, e.end)
            events.append((at, e.index, *where, json.dumps(e.equations)))
            tensors += [(at, e.index, name, *packed(array)) for name, array in e.tensors.items()]
        with self._whole():
            self._base.execute("INSERT OR REPLACE INTO traces VALUES (?, ?)", (at, trace.loss))
            self._base.execute("DELETE FROM events WHERE iteration = ?", (at,))
            self._base.execute("DELETE FROM tensors WHERE iteration = ?", (at,))
            self._base.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", events)
            self._base.executemany("INSERT INTO tensors VALUES (?, ?, ?, ?, ?, ?)", tensors)

    def report(self, report: Report, numerical: Mapping[tuple[int, str], Any]) -> None:
        """What was found in an iteration; `numerical` has right gradients by event and tensor."""
        at = report.iteration
        with self._whole():
            if not self._reports:
                for statement in REPORT_STATEMENTS:
                    self._base.execute(statement)
                self._reports = True
            checks = [
                (at, c.event, c.path, c.t, c.tensor, c.relative_error, c.tolerance, c.method, c.ok)
                for c in report.checks
            ]
            findings = [(at, f.event, json.dumps(f.as_json(), default=float)) for f in report.findings]
            arrays = [(at, event, name, *packed(array)) for (event, name), array in numerical.items()]
            self._base.executemany("INSERT INTO checks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", checks)
            self._base.executemany("INSERT INTO findings VALUES (?, ?, ?)", findings)
            self._base.executemany("INSERT INTO numerical VALUES (?, ?, ?, ?, ?, ?)", arrays)

    def commit(self) -> None:
        """Make what was added last. Raises DataError where the file is gone."""
        with self._told():
            if not self.path.exists() or os.stat(self.path).st_ino != self._file:
                raise DataError(f"{self.path}: was removed or replaced while it was being written")
            if self._base.in_transaction:
                self._base.execute("COMMIT")
                self._committed = True
            self._base.execute("BEGIN")

    def close(self) -> None:
        """Commit, and leave one file. Readers that are at it may keep two more beside it."""
        try:
            self.commit()
            with self._told():
                self._base.execute("COMMIT")
                with contextlib.suppress(sqlite3.OperationalError):  # a reader is at it
                    self._base.execute("PRAGMA journal_mode = DELETE")
        finally:
            self._base.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, DataError):  # nothing can be written any more, and this is the error to hear of
            self._base.close()
        else:
            self.close()


def short(value: Any) -> str:
    """A value as JSON. Raises DataError for more than a reader takes."""
    text = json.dumps(value)
    if len(text) > LONGEST_VALUE:
        raise DataError(f"notes and the like may take {LONGEST_VALUE} characters, got {len(text)}")
    return text


def update(path: str | Path, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Note in a finished recording what `change` makes of what users left there so far.

    Nobody else can leave anything in between. Raises DataError where it can't be written. The file must have been
    looked at by a reader, which lets none through that has tables of its own.
    """
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as base:
            base.text_factory = lambda text: text.decode(errors="replace")
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("BEGIN IMMEDIATE")
            there, _ = left_of(base.execute(LEFT))
            base.executemany(
                "INSERT OR REPLACE INTO left VALUES (?, ?)", [(kind, short(v)) for kind, v in change(there).items()]
            )
            base.execute("COMMIT")
    except sqlite3.Error as error:
        raise DataError(f"{path}: cannot be written: {error}") from error
