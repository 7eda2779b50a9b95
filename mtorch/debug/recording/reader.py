"""Reading a recording, whoever made it: no code of it runs, and nothing in it is believed before it was looked at."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.debug.diagnosis.findings import SEVERITIES, Finding
from mtorch.debug.events import PHASES, Address, Event, Trace
from mtorch.debug.gradcheck import Check
from mtorch.debug.recording import beside
from mtorch.debug.recording.layout import (
    HEAD,
    KINDS,
    LONGEST_VALUE,
    REPORT_STATEMENTS,
    SCHEMA,
    STATEMENTS,
    is_recording,
    unpacked,
)
from mtorch.debug.report import Report
from mtorch.errors import DataError
from mtorch.layers.base import Array
from mtorch.training import State

LONGEST_NAME = 1000
STEPS = 1_000_000
MOST_STEPS = 200
"""Millions of steps of SQLite's machine that one question may take: a forged file might never end."""

LEFT = "SELECT kind, value FROM left LIMIT 1000"

UNWRITTEN = "mode=ro&immutable=1"
"""As a file that nobody writes: SQLite makes no files of its own beside it."""

FAILURES = (sqlite3.Error, ValueError, TypeError, OverflowError, RecursionError, MemoryError, KeyError)


class Recording:
    """A recording, open for reading. `meta` is what made the run; `losses` the loss per element by iteration.

    `left` is what a user left in it, by kind, as far as it can be read; `unread` are the kinds that can't.

    Raises DataError, in one line, for a file that is missing, cut short, forged, of another schema, or none at all.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            if not is_recording(self.path):
                raise DataError(f"{self.path}: expected a recording of mtorch's, got another file")
            with self.path.open("rb") as file:
                schema = int.from_bytes(file.read(HEAD)[60:64], "big")
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from None
        if schema != SCHEMA:
            raise DataError(
                f"{self.path}: expected a recording of schema {SCHEMA}, got {schema}; another mtorch made it"
            )
        self._open()
        if beside.logged(self.path):  # it is written right now, or its writer was killed
            self._base.close()
            beside.fold(self.path)
            self._open()

    def _open(self) -> None:
        self._base = self._connected()
        try:
            with self._told():
                self._look()
        except BaseException:
            self._base.close()
            raise

    def _connected(self) -> sqlite3.Connection:
        """Read-only; where no log is beside it, or nothing can be made there, as a file that nobody writes."""
        log = beside.log_of(self.path).exists()
        ways = ["mode=ro"] if log else [UNWRITTEN] if beside.logged(self.path) else ["mode=ro", UNWRITTEN]
        for options in ways:
            if (base := connected(self.path, options)) is not None:
                return base
        if log and beside.closed(self.path.absolute().parent):
            # The copy is gone from the folder once it is open, however we end.
            with beside.copy(self.path) as copy:
                if (base := connected(copy, "mode=ro")) is not None:
                    return base
        raise DataError(f"{self.path}: expected a recording, got a file that SQLite cannot read")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        asked = 0

        def enough() -> int:
            nonlocal asked
            asked += 1
            return asked > MOST_STEPS

        self._base.set_progress_handler(enough, STEPS)
        try:
            yield
        except FAILURES as error:
            what = str(error)[:200] or type(error).__name__  # which may have something of the file in it
            raise DataError(f"{self.path}: the recording is damaged or forged: {what}") from None

    def _rows(self, question: str, *values: Any) -> Iterator[Any]:
        """A question's rows, no more than a file of this size can hold: forged pages may come again and again."""
        room = self._room()
        for row in self._base.execute(question, values):
            room -= 1 + sum(len(value) for value in row if isinstance(value, bytes | str))
            if room < 0:
                raise ValueError("expected no more than a file of this size can hold")
            yield row

    def _room(self) -> int:
        log = beside.log_of(self.path)
        return 2 * self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)

    def _look(self) -> None:
        """What is read at once. Only tables that are made as ours are asked: no view or trigger has a say."""
        made = {sql for (sql,) in self._rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL LIMIT 100")}
        if not made and beside.logged(self.path):
            name = beside.log_of(self.path).name
            raise DataError(f"{self.path}: what was recorded is in {name}, which isn't here; put it beside this file")
        self.reported = made == {*STATEMENTS, *REPORT_STATEMENTS}
        if not self.reported and made != set(STATEMENTS):
            raise ValueError(f"expected the tables of schema {SCHEMA}, got others")
        self.meta: dict[str, Any] = {
            text_of(name): json.loads(text_of(text, LONGEST_VALUE))
            for name, text in self._rows("SELECT name, value FROM meta LIMIT 1000")
        }
        self.left, self.unread = left_of(self._rows(LEFT))
        self.losses: list[float] = self._series("loss").tolist()
        count = len(self.losses)
        self.checkpoints: tuple[int, ...] = tuple(
            self._number(n, count) for (n,) in self._rows("SELECT DISTINCT iteration FROM states ORDER BY iteration")
        )
        if self.checkpoints[:1] != (0,) or any(b <= a for a, b in pairwise(self.checkpoints)):
            raise ValueError("expected the state at the start of iteration 0, found none")
        self.kept: tuple[int, ...] = tuple(
            self._number(n, count - 1)
            for (n,) in self._rows("SELECT iteration FROM traces ORDER BY iteration LIMIT ?", count + 1)
        )
        if any(b <= a for a, b in pairwise(self.kept)):
            raise ValueError("expected iterations that were kept once each")

    @staticmethod
    def _number(value: Any, most: int) -> int:
        if not isinstance(value, int) or not 0 <= value <= most:
            raise ValueError(f"expected a number in 0..{most}, got {str(value)[:20]!r}")
        return value

    def _series(self, name: str) -> Array:
        pieces, at = [np.zeros(0)], 0
        for first, dtype, data in self._rows(
            "SELECT first, dtype, data FROM series WHERE name = ? ORDER BY first", name
        ):
            if first != at or not isinstance(data, bytes) or dtype not in ("<f4", "<f8"):
                raise ValueError(f"expected numbers of {name!r} from iteration {at} on, got {str(first)[:20]!r}")
            pieces.append(np.frombuffer(data, dtype).astype(np.float64))
            at += len(pieces[-1])
        return np.concatenate(pieces)

    def series(self, name: str) -> Array | None:
        """A number per iteration, float64; None where none of that name was recorded."""
        with self._told():
            found = self._series(name)
        return found if len(found) else None

    def names(self) -> list[str]:
        """The names of all series."""
        with self._told():
            return [text_of(name) for (name,) in self._rows("SELECT DISTINCT name FROM series LIMIT 10000")]

    def state(self, iteration: int) -> State:
        """The state at the start of an iteration that is a checkpoint."""
        parts: dict[str, dict[str, Array]] = {part: {} for part in State._fields}
        question = "SELECT part, name, dtype, shape, data FROM states WHERE iteration = ? LIMIT 100000"
        with self._told():
            for part, name, *array in self._rows(question, iteration):
                parts[part][text_of(name)] = unpacked(*array)
        return State(**parts)

    def trace(self, iteration: int) -> Trace | None:
        """The trace of an iteration kept whole, else None. Its events can't be checked: what that needs isn't kept."""
        if iteration not in self.kept:
            return None
        tensors: dict[int, dict[str, Array]] = {}
        question = "SELECT event, name, dtype, shape, data FROM tensors WHERE iteration = ?"
        with self._told():
            for event, name, *array in self._rows(question, iteration):
                tensors.setdefault(event, {})[text_of(name)] = unpacked(*array)
            events = self._events(iteration, tensors)
            (loss,) = self._rows("SELECT loss FROM traces WHERE iteration = ?", iteration).__next__()
            return Trace(iteration, float("nan") if loss is None else float(loss), events)

    def _events(self, iteration: int, tensors: dict[int, dict[str, Array]]) -> tuple[Event, ...]:
        question = (
            "SELECT number, phase, path, t, label, depth, parent, stop, equations FROM events "
            "WHERE iteration = ? ORDER BY number"
        )
        rows = list(self._rows(question, iteration))
        events: list[Event] = []
        for at, (number, phase, path, t, label, depth, parent, stop, equations) in enumerate(rows):
            if number != at or phase not in PHASES:
                raise ValueError(f"expected event {at}, got {str(number)[:20]!r} of phase {str(phase)[:20]!r}")
            lines = json.loads(text_of(equations, LONGEST_VALUE))
            if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
                raise ValueError("expected equations as a list of texts")
            step = None if t is None else self._number(t, 10**9)
            address = Address(iteration, phase, text_of(path), step)
            if parent is not None:
                self._number(parent, at - 1)
            if self._number(stop, len(rows)) <= at or self._number(depth, at) != (
                0 if parent is None else events[parent].depth + 1
            ):
                raise ValueError(f"expected events inside one another, got event {at} otherwise")
            own = tensors.get(at, {})
            events.append(Event(at, address, text_of(label), depth, parent, stop, own, None, tuple(lines)))
        if not events:
            raise ValueError(f"expected events of iteration {iteration}, found none")
        return tuple(events)

    def report(self, trace: Trace) -> Report | None:
        """What was found in an iteration where it was recorded, by its trace; None where nothing was looked for."""
        if not self.reported:
            return None
        at, most = trace.iteration, len(trace.events) - 1
        with self._told():
            checks = tuple(
                Check(
                    at,
                    text_of(path),
                    None if t is None else self._number(t, 10**9),
                    text_of(tensor),
                    None if error is None else float(error),
                    float(tolerance),
                    text_of(method),
                    None if ok is None else bool(ok),
                    self._number(event, most),
                )
                for event, path, t, tensor, error, tolerance, method, ok in self._rows(
                    "SELECT event, path, t, tensor, relative_error, tolerance, method, ok FROM checks "
                    "WHERE iteration = ?",
                    at,
                )
            )
            findings = tuple(
                self._finding(at, self._number(event, most), json.loads(text_of(value, LONGEST_VALUE)))
                for event, value in self._rows("SELECT event, value FROM findings WHERE iteration = ?", at)
            )
            numerical = {
                (self._number(event, most), text_of(name)): unpacked(*array)
                for event, name, *array in self._rows(
                    "SELECT event, name, dtype, shape, data FROM numerical WHERE iteration = ?", at
                )
            }
        return Report(at, trace, checks, findings, numerical)

    @property
    def found(self) -> bool:
        """Whether there is any finding."""
        with self._told():
            return self.reported and next(self._rows("SELECT 1 FROM findings LIMIT 1"), None) is not None

    def _finding(self, iteration: int, event: int, value: Any) -> Finding:
        if not isinstance(value, dict) or value.get("severity") not in SEVERITIES:
            raise ValueError(f"expected a finding, got {str(value)[:40]!r}")
        cause, severity, path, tensor, message = (
            text_of(value.get(key), LONGEST_VALUE) for key in ("cause", "severity", "path", "tensor", "message")
        )
        steps, evidence = value.get("t") or [], value.get("evidence")
        if not isinstance(steps, list) or not isinstance(evidence, dict):
            raise ValueError(f"expected a finding's time steps and evidence, got {str(steps)[:40]!r}")
        times = tuple(self._number(t, 10**9) for t in steps)
        return Finding(cause, severity, path, tensor, iteration, times, message, evidence, event)

    def check(self) -> None:
        """Raises DataError where the file is damaged, even in what nobody has asked for."""
        with self._told():
            (said,) = next(self._rows("PRAGMA integrity_check(1)"))
            if said != "ok":
                raise ValueError(said)

    def close(self) -> None:
        self._base.close()


def text_of(value: Any, longest: int = LONGEST_NAME) -> str:
    """The value, if it is a text. Raises ValueError for anything else, and for a longer one."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError(f"expected a text of at most {longest} characters, got {str(value)[:20]!r}")
    return value


def left_of(rows: Iterator[Any]) -> tuple[dict[str, Any], set[str]]:
    """What a user left, by kind, and the kinds that can't be read: these are not worth the run."""
    left: dict[str, Any] = {}
    unread: set[str] = set()
    try:
        for kind, text in rows:
            name = text_of(kind)
            try:
                left[name] = json.loads(text_of(text, LONGEST_VALUE))
            except FAILURES:
                unread.add(name)
    except FAILURES:
        unread.update(set(KINDS) - left.keys())
    return left, unread & set(KINDS)


def connected(path: Path, options: str) -> sqlite3.Connection | None:
    """A connection that reads and believes nothing; None where SQLite can't read the file so."""
    uri = f"{path.absolute().as_uri()}?{options}"
    base = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    base.text_factory = lambda text: text.decode(errors="replace")
    with contextlib.suppress(*FAILURES):
        for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
            base.execute(f"PRAGMA {pragma}")
        base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return base
    base.close()
    return None
