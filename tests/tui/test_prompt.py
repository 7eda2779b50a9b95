"""The prompt on the screen: what it suggests, completes and remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui.actions.prompt import files
from tui.history import History
from tui.widgets.command_line import CommandLine

Debug = Callable[..., Any]


async def test_lines_are_suggested_completed_and_come_back(debug: Debug, tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    history.add("goto 2 backward")
    async with debug("rnn-sin-cos", history=history) as driver:
        line = driver.app.query_one(CommandLine)
        await driver.press("colon", "g", "o")
        assert ":goto" in driver.text  # the rest is the suggestion
        assert line.value == "go"
        await driver.press("tab", "0", "space", "tab", "tab", "tab")
        assert line.value == "goto 0 backward"
        await driver.press("shift+tab")
        assert line.value == "goto 0 loss"
        await driver.press("up")
        assert line.value == "goto 2 backward"
        await driver.press("down")
        assert line.value == "goto 0 loss"
        await driver.press("enter")
        assert driver.place == "0 loss"
        assert history.lines == ["goto 2 backward", "goto 0 loss"]
        await driver.press("colon")
        assert {"set x", "set target"} <= set(driver.app.candidates("set "))
        await driver.press("up", "up", "enter")
        assert driver.place == "2 backward"
        (tmp_path / "run\x1b[31m.mtr").touch()
        (tmp_path / "runs").mkdir()
        assert driver.app.candidates(f"save {tmp_path}/ru") == [f"save {tmp_path}/runs/"], (
            "what steers a terminal is not"
        )
        driver.app.action_command("watch a\x1b[31m ")
        assert line.value == "watch a�[31m "


def test_files_are_offered_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "a run.mtr").touch()
    (tmp_path / "a folder").mkdir()
    assert files(f"{tmp_path}/a ") == [f"{tmp_path}/a folder/", f"{tmp_path}/a run.mtr"]
    assert files(f"{tmp_path}/[a]") == []
