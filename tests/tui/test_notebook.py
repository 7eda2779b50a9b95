"""What the user leaves with a run, and a run that can only be looked at."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.widgets import OptionList

from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.window import Window
from mtorch.debug.recording.writer import Writer
from tests.mtorch.debug.recording.made import build, recorded
from tests.mtorch.debug.recording.test_beside import only_reading
from tui.notebook import Notebook
from tui.recordings import opened
from tui.targets import load

Debug = Callable[..., Any]


async def test_a_run_is_saved_with_notes_and_opens_where_it_was_left(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        await driver.command("goto 3 backward rnn.tanh t=1")
        await driver.command("break update")
        await driver.command("disable 1")
        await driver.command("note look here [red]")
        assert "noted at 3 backward rnn.tanh t=1" in driver.status
        await driver.command("save")
        assert driver.status == "save expects FILE.mtr; save alone writes to it again"
        await driver.command(f"save {path}")
        await driver.command("save")
        assert f"4 iterations are in {path} (" in driver.status
        assert [p.name for p in tmp_path.iterdir()] == ["a.mtr"]
        await driver.command(f"save {path}")
        assert "exists already" in driver.status
    session, again, recording = opened(str(path), (), None, None, None)
    notebook = Notebook(again, recording)
    async with debug(session, notebook=notebook) as driver:
        assert (driver.place, driver.status) == ("3 backward rnn.tanh t=1", "where you left off")
        assert driver.app.stops.as_texts() == [["break update", False]]
        assert "note 1: look here [red]" in driver.text
        await driver.command("notes")
        assert "1: 3 backward rnn.tanh t=1: look here [red]" in driver.text
        await driver.press("escape", "s")
        assert "note 1" not in driver.text
        left = driver.app.left
        assert left["position"] == driver.place
    notebook.close(left)
    assert Recording(path).left == {
        "position": left["position"],
        "breakpoints": [["break update", False]],
        "notes": [["3 backward rnn.tanh t=1", "look here [red]"]],
    }


async def test_a_recording_that_cannot_be_run_shows_what_was_kept(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    with Writer(path, {"target": {"kind": "scenario", "name": "\x1b[31mgone", "settings": {}}, "seed": 0}) as writer:
        Recorder(load("rnn-sin-cos").training, writer, keep={4, 5}).run(20)
        writer.left("position", "17 loss")
        writer.left("notes", [["a", "b"], "c", [1, 2]])
    session, target, recording = opened(str(path), (), None, None, None)
    notebook = Notebook(target, recording)
    async with debug(session, notebook=notebook) as driver:
        assert driver.place.startswith("4 forward")
        assert notebook.notes == [["a", "b"]]
        assert "not checked: gradients can't be checked: no scenario is called" in driver.text
        await driver.press("}")
        assert driver.place.startswith("5 forward")
        await driver.press("}")
        assert driver.place.startswith("5 forward")
        assert "iteration 6 cannot be run again" in driver.status
        await driver.press("c")
        assert "gradients can't be checked" in driver.status
        await driver.command(f"save {tmp_path / 'b.mtr'}")
        assert "there is nothing to save" in driver.status


async def test_leaving_says_once_what_would_be_lost(debug: Debug, tmp_path: Path) -> None:
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        await driver.command("note a")
        await driver.command("set lr = 1")
        await driver.command("set lr = 2")
        await driver.press("q")
        assert driver.status.startswith("2 branches, 1 note would be lost; :save FILE.mtr keeps them, q again")
        await driver.command(f"save {tmp_path / 'a.mtr'}")
        await driver.command("note b")
        await driver.press("q")
        assert driver.status.startswith("1 note would be lost")
        assert driver.app.is_running
        await driver.pilot.press("q")
        await driver.pilot.pause()
        assert not driver.app.is_running


async def test_leaving_says_again_what_would_be_lost_of_what_was_noted_since(debug: Debug, tmp_path: Path) -> None:
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        for words in (f"save {tmp_path / 'a.mtr'}", "save"):
            await driver.command(f"note before {words}")
            await driver.press("q")
            assert driver.status.startswith("1 note would be lost")
            await driver.command(words)


async def test_what_is_left_in_a_recording_that_is_not_kept_would_be_lost(debug: Debug, tmp_path: Path) -> None:
    recording = recorded(tmp_path / "a.mtr", 2, keep={0})
    session = Window(recording, "it is of a script")
    async with debug(session, notebook=Notebook(None, recording, passing=True)) as driver:
        await driver.command("note a")
        await driver.press("q")
        assert driver.status == "1 note would be lost with this recording, which is not kept; q again leaves"


async def test_leaving_with_nothing_to_lose_asks_nothing(debug: Debug) -> None:
    async with debug("rnn-sin-cos") as driver:
        await driver.pilot.press("q")
        await driver.pilot.pause()
        assert not driver.app.is_running


def left_in(path: Path) -> Any:
    return Recording(path).left


async def test_two_who_leave_something_in_one_file_lose_nothing(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        for command in ("note gone", "note stays", "set lr = 1 as old", f"save {path}"):
            await driver.command(command)
    books = []
    for name in ("first", "second"):
        session, again, recording = opened(str(path), (), None, None, None)
        notebook = Notebook(again, recording)
        async with debug(session, notebook=notebook) as driver:
            await driver.command("branch trunk")
            await driver.command(f"note {name}")
            await driver.command(f"set lr = {3 + len(books)}")
            await driver.command(f"note branch of the {name}")
            await driver.command(f"goto {1 + len(books)} loss")
            books.append((notebook, driver.app.left))
    second = books[1][0]
    second.notes.remove(["0 forward", "gone"])
    for notebook, left in books:
        notebook.close(left)
    left = left_in(path)
    assert left["notes"] == [
        ["0 forward", "stays"],
        ["0 forward", "first"],
        ["branch1-2 · 0 forward", "branch of the first"],
        ["0 forward", "second"],
        ["branch1 · 0 forward", "branch of the second"],
    ]
    assert left["branches"] == [
        ["old", "trunk", "0", "lr = 1"],
        ["branch1", "trunk", "0", "lr = 4"],
        ["branch1-2", "trunk", "0", "lr = 3"],
    ]
    assert (left["position"], left["branch"]) == ("2 loss", "branch1")
    second.close({"position": "0 loss"})
    assert left_in(path)["notes"] == left["notes"]


async def test_what_was_left_and_cannot_be_read_is_said_when_it_is_opened(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        await driver.command("note here")
        await driver.command("break loss")
        await driver.command(f"save {path}")
    for kind, value, lost in (
        ("notes", "[[", "notes"),
        ("breakpoints", '[["brake", true]]', "notes and breakpoints"),
        ("branches", '[["a", "nothing", "0", "lr = 1"]]', "notes and branches and breakpoints"),
    ):
        with contextlib.closing(sqlite3.connect(path)) as base, base:
            base.execute("INSERT OR REPLACE INTO left VALUES (?, ?)", (kind, value))
        session, again, recording = opened(str(path), (), None, None, None)
        async with debug(session, notebook=Notebook(again, recording)) as driver:
            assert driver.status == f"some {lost} in this file can't be read"


async def test_where_nothing_can_be_left_leaving_says_so_first(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    recorded(path, keep={0}).close()
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    for book, how in ((target, ":save FILE.mtr keeps them, "), (None, "")):
        recording = Recording(path)
        async with debug(target.session(), notebook=Notebook(book, recording)) as driver:
            await driver.command("note a")
            with only_reading(tmp_path):
                await driver.press("q")
            assert driver.status == f"1 note would be lost (a.mtr can't be written); {how}q again leaves"
            if book is not None:
                await driver.command(f"save {tmp_path / 'b.mtr'}")
                with only_reading(tmp_path):
                    assert driver.app.notebook.unsaved(driver.app.left) == ""


async def test_notes_are_listed_gone_to_and_forgotten(debug: Debug) -> None:
    async with debug(build()) as driver:
        await driver.command("notes")
        assert driver.status == "no notes yet; note TEXT makes one here"
        await driver.command("goto 2 loss")
        await driver.command("note of the trunk")
        await driver.command("goto 4")
        await driver.command("set lr = 1 as mine")
        await driver.command("goto 5 loss")
        await driver.command("note of the branch")
        assert driver.status == "noted at mine · 5 loss; notes lists all"
        await driver.command("goto 1 loss")
        assert "trunk (before mine) · iteration 1 › loss" in driver.text
        await driver.command("note shared")
        assert driver.status == "noted at 1 loss; notes lists all"
        await driver.command("notes")
        assert [o.prompt.plain for o in driver.app.screen.query_one(OptionList).options] == [
            "1: 2 loss: of the trunk",
            "2: mine · 5 loss: of the branch",
            "3: 1 loss: shared",
        ]
        await driver.press("enter")
        assert (driver.place, driver.status) == ("2 loss", "note 1: of the trunk")
        await driver.command("goto trunk (before mine) · iteration 2 › loss")
        assert driver.place == "2 loss"
        await driver.command("branch trunk")
        driver.app.notebook.note("mine · 5 loss t=3", "nowhere")
        await driver.command("notes")
        await driver.press("j", "j", "j", "enter")
        assert driver.status.startswith("nothing at '5 loss t=3'")
        assert driver.app.branches.current == "trunk", "what shows is the trunk's still"
        await driver.command("delete-note 4")
        await driver.command("notes")
        await driver.press("j", "enter")
        assert "mine · iteration 5 › loss" in driver.text
        assert "note 2: of the branch" in driver.text
        await driver.command("delete-note 1 3")
        await driver.command("branch trunk")
        await driver.command("delete-branch mine")
        await driver.command("notes")
        await driver.press("enter")
        assert "no branch is called 'mine'" in driver.status
        await driver.command("delete-note 2")
        assert driver.status == "no note 2; there is only 1"
        await driver.command("delete-note 1")
        assert driver.app.notebook.notes == []
