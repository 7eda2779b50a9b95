"""Another run beside the one that shows: both move, what differs is marked, c and C go to where numbers part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

import scenarios
from mtorch import MtorchError
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from tui.actions import diffing
from tui.actions.diffing import parse, tolerance_in
from tui.notebook import Notebook
from tui.targets import load
from tui.widgets.tensor_panel import TensorPanel

Debug = Callable[..., Any]
SMALL = ("hidden=4", "seq=3", "batch=4")


def session(name: str = "rnn-sin-cos", **other: int) -> Session:
    settings = {key: int(value) for key, value in (words.split("=") for words in SMALL)} | other
    return Session(scenarios.find(name).build(settings=settings))


def title(driver: Any) -> str:
    return str(driver.app.query_one("#panel1 .title").render())


def top(driver: Any) -> str:
    return str(driver.text.split("\n")[0])


async def test_a_branch_is_beside_the_trunk_step_by_step(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffing, "FAR", 4)
    async with debug(session(), (100, 30)) as driver:
        app, line = driver.app, driver.app.query_one("#command", Input)
        await driver.press("D")
        assert line.value == "diff ", "there is no branch yet"
        await driver.press("escape")
        await driver.command("goto 4 forward")
        await driver.command("set linear.weight[2,0] = 0.5")
        await driver.command("diff branch1")
        assert driver.status == "this is branch1; diff expects another run" and app.other is None
        await driver.command("branch trunk")
        await driver.press("D")
        assert line.value == "diff branch1"
        await driver.press("enter")
        assert (
            driver.status.startswith("trunk and branch1: 1") and "events of iteration 4 differ; c runs" in driver.status
        )
        assert top(driver).startswith(" trunk | branch1 · iteration 4 › forward  ") and top(driver).endswith(" differ")
        await driver.press("{")
        assert "= same" in top(driver) and "the same in branch1" in title(driver)
        await driver.press("c")
        assert driver.place == "4 forward linear"
        assert "[weight ✗]" in driver.text and "output ✗" in driver.text and "bias ✗" not in driver.text
        assert "0 trunk / branch1" in driver.text and "✗ off by up to " in title(driver)
        assert "2 of 4 tensors differ from branch1: weight, output" in driver.text
        await driver.press("W")
        assert app.table.cell == (2, 0) and driver.status.startswith("differs: weight[2,0] = ")
        (row,) = [row for row in driver.text.split("\n") if "+0.50000" in row]
        assert row.count("✗") == 1
        await driver.press("c")
        assert driver.place == "4 loss"
        await driver.press("C", "C")
        assert (driver.place, driver.status) == ("4 forward linear", "nothing differs from branch1 before this")
        await driver.command("diff branch1 tol=9")
        await driver.press("c")
        assert (driver.place, driver.status) == ("8 forward", "no difference in iterations 4…7; c goes on")
        await driver.press("D")
        assert app.other is None and driver.status == "branch1 is no longer beside this"
        assert top(driver).startswith(" iteration 8 › forward")
        await driver.command("diff branch1")
        await driver.command("branch branch1")
        assert app.other is None, "it has become what shows"


async def test_other_networks_and_recordings_are_beside_a_run_as_far_as_they_go(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "kept.mtr"
    with Writer(path, {"target": {"kind": "scenario", "name": "gone", "settings": {}}, "seed": 0}) as writer:
        Recorder(session().training, writer, keep={0}).run(2)
    target = load("rnn-sin-cos-seed", 0, SMALL)
    async with debug(target.session(), (200, 40), notebook=Notebook(target)) as driver:
        app = driver.app
        await driver.command("diff rnn-sin-cos hidden=5 seq=3 batch=4 seed=1")
        assert "only target has forward sigmoid, backward sigmoid" in driver.status
        assert top(driver).startswith(" target | rnn-sin-cos hidden=5 seq=3 batch=4 seed=1 · iteration 0 › forward ")
        assert app.view is None, "two tables take the room"
        app.look_at("output", (0, 0, 0))
        await driver.settle()
        halves = halves_of(driver)
        assert [part.strip() for part in halves[0]] == ["target", "rnn-sin-cos hidden=5 seq=3 batch=4 seed=1"]
        assert [part.split()[:1] for part in halves[1]] == [["0"], ["0"]], "columns"
        await driver.press("l")
        assert all("]" in part for part in halves_of(driver)[2])
        table = app.table
        assert table.cell == (0, 1, 0)
        await driver.pilot.click(table, offset=(table.half + 1 + table.label_width + 2, table.heads + 2))
        assert table.cell == (2, 0, 0), "in the other one's table"
        await driver.command("goto 0 forward rnn")
        assert "✗ rnn-sin-cos hidden=5 seq=3 batch=4 seed=1 has float32 3x4x5" in title(driver)
        assert app.query_one(TensorPanel).shown[1] is None
        await driver.command("goto 0 forward sigmoid")
        assert "seed=1 has no such event" in driver.text and "has no such event" in title(driver)
        await driver.command("diff nothing-like-it")
        assert "no scenario is called 'nothing-like-it'" in driver.status and app.other is not None
        await driver.command(f"diff {path}")
        assert "! alone" not in top(driver) and " target | kept.mtr · iteration 0 › forward › sigmoid" in top(driver)
        await driver.press("}")
        assert "! alone" in top(driver) and "kept.mtr did not come here" in title(driver)
        assert "kept.mtr: only iteration 0 was kept whole; iteration 1 cannot be run" in driver.text
        await driver.press("c")
        assert driver.place == "1 forward sigmoid" and "kept.mtr: only iteration 0 was kept" in driver.status
        await driver.press("D")
        assert app.view == "3"


def halves_of(driver: Any) -> list[list[str]]:
    return [row.split("│")[1:] for row in driver.text.split("\n") if row.count("│") == 2]


@pytest.mark.parametrize(
    ("words", "name", "options"),
    [
        ("trunk", "trunk", {}),
        ("a b.py tol=1e-6", "a b.py", {"tol": "1e-6"}),
        ("xor seed=1 hidden=8", "xor", {"seed": "1", "hidden": "8"}),
    ],
)
def test_a_run_is_named_with_what_is_said_of_it(words: str, name: str, options: dict[str, str]) -> None:
    assert parse(words) == (name, options)


def test_what_names_no_run_is_said() -> None:
    with pytest.raises(MtorchError, match="diff expects a branch"):
        parse("tol=1")
    for words in ("x", "-1", "nan", "inf"):
        with pytest.raises(MtorchError, match=f"tol expects a number, 0 or more, got '{words}'"):
            tolerance_in({"tol": words})
