"""The log beside a recording: folded in by whoever opens it next, and readable where nothing can be written."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtorch.debug.recording import beside
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer
from mtorch.errors import DataError
from tests.mtorch.debug.recording.made import build, recorded

NOBODY = 65534


def killed(folder: Path, iterations: int = 20) -> Path:
    """A file and its log, as kill -9 and a move leave them."""
    path = folder / "killed.mtr"
    with tempfile.TemporaryDirectory() as other, Writer(Path(other) / "a.mtr", {"seed": 0}) as writer:
        Recorder(build(), writer, every=8).run(iterations)
        shutil.copyfile(writer.path, path)
        shutil.copyfile(beside.log_of(writer.path), beside.log_of(path))
    return path


def names(path: Path) -> list[str]:
    return sorted(p.name for p in path.parent.iterdir())


@contextlib.contextmanager
def only_reading(folder: Path) -> Iterator[None]:
    """While entered, nothing can be made in the folder: root, who always can, becomes nobody."""
    root = os.geteuid() == 0
    folder.chmod(0o555)
    if root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o755)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that anybody may read."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_opening_folds_the_log_in_and_one_file_is_left(tmp_path: Path) -> None:
    path = killed(tmp_path)
    assert names(path) == ["killed.mtr", "killed.mtr-wal"]
    Recording(path).close()
    assert names(path) == ["killed.mtr"]
    shutil.copyfile(path, tmp_path / "alone.mtr")
    assert len(Recording(tmp_path / "alone.mtr").losses) == 20


def test_a_live_writer_keeps_its_log(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.mtr", {}) as writer:
        recorder = Recorder(build(), writer, every=8)
        recorder.run(10)
        with contextlib.closing(Recording(writer.path)) as found:
            assert len(found.losses) == 10
            assert beside.log_of(writer.path).exists()
            recorder.run(20)
            assert len(found.series("loss")) == 20  # type: ignore[arg-type]


def test_what_is_hostile_is_not_folded_in(tmp_path: Path) -> None:
    path, other = tmp_path / "b.mtr", recorded(tmp_path / "a.mtr", 9).path
    base = sqlite3.connect(other)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("CREATE TRIGGER own AFTER INSERT ON left BEGIN DELETE FROM states; END")
    base.commit()
    for name in ("", "-wal"):
        shutil.copyfile(f"{other}{name}", f"{path}{name}")
    before = path.read_bytes(), beside.log_of(path).read_bytes()
    with pytest.raises(DataError, match="expected the tables of schema 1, got others"):
        Recording(path)
    assert (path.read_bytes(), beside.log_of(path).read_bytes()) == before
    base.close()


def test_a_file_that_speaks_of_a_log_but_has_none_stays_alone(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.mtr", 9).path
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode = WAL")
    assert beside.logged(path)
    assert len(Recording(path).losses) == 9
    assert names(path) == ["a.mtr"]
    assert not beside.logged(path)


def test_a_file_without_its_log_says_what_to_do(tmp_path: Path) -> None:
    path = killed(tmp_path)
    beside.log_of(path).unlink()
    with pytest.raises(DataError) as raised:
        Recording(path)
    assert str(raised.value) == (
        f"{path}: what was recorded is in killed.mtr-wal, which isn't here; put it beside this file"
    )
    assert names(path) == ["killed.mtr"]


def test_in_a_folder_that_cannot_be_written_a_log_is_read_all_the_same(folder: Path) -> None:
    path = killed(folder)
    with only_reading(folder):
        found = Recording(path)
        assert len(found.losses) == 20
        assert found.state(16).model.keys() == build().state().model.keys()
        assert names(path) == ["killed.mtr", "killed.mtr-wal"]
        found.close()


def test_where_it_is_too_large_for_that_the_matter_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = killed(folder)
    monkeypatch.setattr(beside, "LARGEST", 100)
    with only_reading(folder), pytest.raises(DataError, match=r"its folder can't be written, .* in killed.mtr-wal"):
        Recording(path)
