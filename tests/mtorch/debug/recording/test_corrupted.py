"""Recordings that were damaged or forged: a clear line each; no crash, no hang, no memory blow-up, nothing run."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtorch.debug.recording.layout import PAGE, STATEMENTS
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from mtorch.errors import DataError
from tests.mtorch.debug.recording.made import build, recorded
from tui.plain import plain

COUNT = int(os.environ.get("MTORCH_CORRUPTIONS", "400"))
MEMORY = 64 * 2**20
HOSTILE = [
    "[red]loud[/red]",
    "\x1b[2J\x1b]0;owned\x07",
    "'; DROP TABLE states; --",
    "../../etc/passwd",
    "__import__('os').system('true')",
    "\u202egnp.exe",
    "a" * 100_000,
    "\x00",
    "",
]
NUMBERS = [-1, 0, 1, 2**31, 2**62, -(2**63), 1e308, None, "7", b"7"]

Random = np.random.Generator


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "a.mtr"
    recorded(path, 20, every=4, keep={0, 7}).close()
    return path


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With what was found in an iteration, as a script's recording has it."""
    path, name = tmp_path_factory.mktemp("reported") / "a.mtr", "rnn-sin-cos-seed"
    with Writer(path, {"seed": 0}) as writer:
        Recorder(build(name), writer, keep={0}).run(3)
        report = Session(build(name)).report(0)
        wrong = [(check.event, check.tensor) for check in report.checks if check.ok is False]
        writer.report(report, {place: report.numerical(*place) for place in wrong})
    return path


def tables(base: sqlite3.Connection) -> list[str]:
    asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    return [name for (name,) in base.execute(asked)]


def flipped(path: Path, rng: Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(int(rng.integers(1, 40))):
        content[int(rng.integers(len(content)))] = int(rng.integers(256))
    path.write_bytes(bytes(content))


def torn(path: Path, rng: Random) -> None:
    """A stretch of the file is another stretch, or zeros."""
    content = bytearray(path.read_bytes())
    size = int(rng.integers(1, 5000))
    start, source = (int(n) for n in rng.integers(0, len(content) - size, 2))
    content[start : start + size] = bytes(size) if rng.random() < 0.3 else content[source : source + size]
    path.write_bytes(bytes(content))


def truncated(path: Path, rng: Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(rng.integers(len(content)))])


def forged(path: Path, rng: Random) -> None:
    """A cell says something else: a number, a size, a name, a shape."""
    with sqlite3.connect(path) as base:
        table = str(rng.choice(tables(base)))
        columns = [row[1] for row in base.execute(f"PRAGMA table_info({table})")]
        column = str(rng.choice(columns))
        shapes = ["[99999999, 99999999]", "[-1]", "[[", "[" * 2000, "[1.5]", '"x"', "null"]
        value: Any = [*HOSTILE, *NUMBERS, *shapes, b"\xff" * 100, json.dumps({"a": [[]] * 9})][int(rng.integers(27))]
        some = f"rowid = (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)"
        try:
            base.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {some}", (value,))
        except sqlite3.Error:
            base.execute(f"DELETE FROM {table} WHERE {some}")
    base.close()


def replaced(path: Path, rng: Random) -> None:
    """A table is a view, or has a trigger, or another make."""
    base = sqlite3.connect(path)
    table = str(rng.choice(tables(base)))
    tricks = [
        f"ALTER TABLE {table} RENAME TO other; CREATE VIEW {table} AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
        "SELECT i + 1 FROM n) SELECT i, i, i, i, i, i FROM n",
        f"CREATE TRIGGER own AFTER INSERT ON {table} BEGIN DELETE FROM states; END",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} ADD COLUMN more TEXT",
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT load_extension('x')",
    ]
    with base:
        base.executescript(str(rng.choice(tricks)))
    base.close()


DAMAGES: list[Callable[[Path, Random], None]] = [flipped, torn, truncated, forged, replaced]


def read(path: Path) -> Iterator[str]:
    """All that can be read of a recording, as the texts in it that might reach a screen."""
    found = Recording(path)
    try:
        yield from (json.dumps(found.meta), json.dumps(found.left))
        for name in found.names():
            found.series(name)
            yield name
        for n in found.checkpoints:
            state = found.state(n)
            yield from (*state.model, *state.optimizer)
        for n in found.kept:
            trace = found.trace(n)
            for event in trace.events if trace else ():
                yield from (str(event.address), event.label, *event.equations, *event.tensors)
            if trace and (report := found.report(trace)):
                for check in report.checks:
                    yield from (check.path, check.tensor, check.method)
                for finding in report.findings:
                    yield from (finding.cause, finding.path, finding.tensor, finding.message, str(finding.evidence))
                yield str(report.ok)
                for event_number, checks in report.wrong.items():
                    yield from (str(report.known_numerical(event_number, check.tensor)) for check in checks)
    finally:
        found.close()


def test_ten_thousand_ways_to_be_broken(whole: Path, reported: Path, tmp_path: Path) -> None:
    path, good = tmp_path / "b.mtr", 0
    tracemalloc.start()
    for number in range(COUNT):
        rng = np.random.default_rng(number)
        shutil.copy((whole, reported)[number // len(DAMAGES) % 2], path)
        DAMAGES[number % len(DAMAGES)](path, rng)
        tracemalloc.reset_peak()
        try:
            for text in read(path):
                assert not set(plain(text)) & {"\x1b", "\x07", "\x00", "\u202e", "\n"}
            good += 1
        except DataError as error:
            said = plain(error)
            assert str(path) in said
            assert "\n" not in said
            assert len(said) < 600, said
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    tracemalloc.stop()
    assert good < COUNT


def test_a_recording_that_is_none(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "a.mtr"
    with pytest.raises(DataError, match="cannot be read: No such file"):
        Recording(path)
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        Recording(tmp_path)
    for content in (b"", b"SQLite format 3\0", b"hello", bytes(10_000)):
        path.write_bytes(content)
        with pytest.raises(DataError, match="expected a recording"):
            Recording(path)
    with sqlite3.connect(tmp_path / "other.db") as base:
        base.execute("CREATE TABLE t (x)")
    base.close()
    with pytest.raises(DataError, match="expected a recording"):
        Recording(tmp_path / "other.db")
    shutil.copy(whole, path)
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 2")
    base.close()
    with pytest.raises(DataError, match="expected a recording of schema 1, got 2"):
        Recording(path)


def test_a_question_without_an_end_is_ended(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtorch.debug.recording import reader

    monkeypatch.setattr(reader, "MOST_STEPS", 3)
    found = Recording(whole)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(DataError, match="interrupted"), found._told():
        list(found._rows(endless))


def test_a_long_text_that_comes_again_and_again_is_read_no_more_often_than_it_fits(
    reported: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.mtr"
    shutil.copy(reported, path)
    with sqlite3.connect(path) as base:
        base.execute("DELETE FROM findings")
        base.execute("INSERT INTO findings VALUES (0, 0, ?)", (json.dumps({"message": "a" * 900_000}),))
        base.executemany("INSERT INTO findings VALUES (9, 0, ?)", [("b" * 3900,)] * 300)
        (root,) = base.execute("SELECT rootpage FROM sqlite_master WHERE name = 'findings'").fetchone()
    base.close()
    content = bytearray(path.read_bytes())
    start = (root - 1) * PAGE
    count = int.from_bytes(content[start + 3 : start + 5], "big")
    cells = [int.from_bytes(content[at : at + 2], "big") for at in range(start + 12, start + 12 + 2 * count, 2)]
    first = content[start + cells[0] : start + cells[0] + 4]
    for cell in cells:  # each says on which page the rows are that come next
        content[start + cell : start + cell + 4] = first
    path.write_bytes(bytes(content))
    found = Recording(path)
    with pytest.raises(DataError, match="no more than a file of this size can hold"), found._told():
        list(found._rows("SELECT value FROM findings WHERE iteration = 0"))


def test_opening_runs_nothing(whole: Path, tmp_path: Path) -> None:
    """No import, no eval, no pickle, no file but its own."""
    happened: list[tuple[str, Any]] = []
    watched = ("import", "exec", "compile", "pickle.find_class", "subprocess.Popen", "os.system", "ctypes.dlopen")
    on = False

    def hook(event: str, args: Any) -> None:
        if on and (event in watched or (event == "open" and str(whole) not in str(args[0]))):
            happened.append((event, args))

    list(read(whole))  # what Python itself imports late is imported
    sys.addaudithook(hook)
    on = True
    list(read(whole))
    on = False
    assert happened == []


def test_a_file_in_a_folder_that_cannot_be_written_opens(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "a.mtr"
    shutil.copy(whole, path)
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert len(Recording(path).losses) == 20
        assert [p.name for p in folder.iterdir()] == ["a.mtr"]
    finally:
        folder.chmod(0o755)


def test_the_tables_are_made_as_the_reader_wants_them(whole: Path) -> None:
    with sqlite3.connect(whole) as base:
        made = [sql for (sql,) in base.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    base.close()
    assert sorted(made) == sorted(STATEMENTS)


def test_what_was_found_is_read_as_it_was_written(reported: Path) -> None:
    found = Recording(reported)
    trace = found.trace(0)
    assert trace is not None
    report = found.report(trace)
    assert report is not None
    expected = Session(build("rnn-sin-cos-seed")).report(0)
    assert report.checks == expected.checks
    assert [f.as_json() for f in report.findings] == [f.as_json() for f in expected.findings]
