"""What was typed after the colon, and comes back by up and down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.history import MOST, History


def test_lines_come_back_latest_first_and_then_what_was_being_typed(tmp_path: Path) -> None:
    path = tmp_path / "not there yet" / "history"
    history = History(path)
    for line in ("step 3", "goto 1 loss", "step 3"):
        history.add(line)
    again = History(path)
    assert [again.browse(-1, "pri"), again.browse(-1, ""), again.browse(-1, "")] == [
        "step 3",
        "goto 1 loss",
        "goto 1 loss",
    ]
    assert [again.browse(1, ""), again.browse(1, ""), again.browse(1, "pri")] == ["step 3", "pri", "pri"]
    again.browse(-1, "pri")
    again.begin()
    assert again.browse(1, "") == ""


def test_a_file_keeps_so_many_lines_and_what_two_debuggers_add(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"goto {n}\n" for n in range(MOST + 5)))
    one, other = History(path), History(path)
    one.add("step")
    other.add("next")
    lines = path.read_text().splitlines()
    assert (len(lines), lines[-2:]) == (MOST, ["step", "next"])
    assert [file.name for file in tmp_path.iterdir()] == ["history"]


def test_where_no_file_can_be_written_lines_are_kept_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "full").mkdir(parents=True)
    for path in (tmp_path / "file" / "history", tmp_path / "folder"):
        history = History(path)
        for line in ("step", "next"):
            history.add(line)
        assert history.lines == ["step", "next"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"], "no half of a file is left"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x1b[31mred\n", b"x" * 1_000_001, None])
def test_a_broken_file_is_ignored(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "history"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    history = History(path)
    assert history.lines == []
    history.add("step")
    assert history.lines == ["step"]
