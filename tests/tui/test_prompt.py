"""The prompt on the screen: what it suggests, completes and remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.keys import _character_to_key

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


async def typed_at_once(driver: Any, *keys: str) -> None:
    """Keys that come faster than they are handled, as pasted ones do."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        driver.app.post_message(Key(name, key if len(key) == 1 else None))
    await driver.settle()


async def test_keys_right_behind_a_command_are_heeded_and_a_search_stays_one(debug: Debug) -> None:
    async with debug("rnn-sin-cos") as driver:
        app = driver.app
        await typed_at_once(driver, ":", *"goto 0 b", "tab", "enter", "s", "s", "n")
        assert driver.place == "0 update"
        await typed_at_once(driver, ":", *"nothing", "escape", "N", ":", "up", "enter", "s")
        assert driver.place == "0 backward linear"
        await typed_at_once(driver, "/", *"goto 3", "ctrl+u", *"update", "enter", ".")
        assert driver.place == "0 update rnn.linear.weight" and driver.status.startswith("update: 2 of ")
        await driver.pilot.press("slash")
        assert " /" in driver.text and app.candidates("search ") == []
        await driver.pilot.press("up")
        line = app.query_one(CommandLine)
        assert line.value == "update", "searches alone come back"
        await driver.press("escape", "slash", "s", "tab", "escape")
        assert line.value == "s", "a text is no command to be completed"
        await typed_at_once(driver, "?", "n", "escape", "s", "y")
        assert driver.place == "0 update rnn.linear.bias" and driver.status.startswith("copied delta[0] = ")
        await typed_at_once(driver, "1", "up", "up", "enter", "down")
        assert driver.place == "0 update rnn.linear.weight"
        await driver.press("question_mark", "f")
        await typed_at_once(driver, "n", "escape", "u")
        assert driver.place == "0 update" and not app.screen.is_modal
        await driver.press("colon", *"goto 0 loss", "enter")
        assert driver.place == "0 loss"
