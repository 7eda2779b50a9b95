"""The six steps of the first start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui.config import of
from tui.folders import first_start
from tui.keymap import KEYS
from tui.viewmodels.tour import STEPS, said

Debug = Callable[..., Any]


async def test_each_key_goes_on_and_does_its_work(debug: Debug) -> None:
    async with debug("rnn-sin-cos-seed", tour=True, config=of({"keys": {"next-tensor": "z"}})) as driver:
        app = driver.app
        assert "tour: 1 of 6" in driver.text and "c runs to the next finding" in driver.text
        await driver.press("n", "c")  # another key is no step, and works as always
        assert "tour: 2 of 6" in driver.text
        await driver.press("S")
        assert "tour: 3 of 6" in driver.text and " z shows" in driver.text
        before = app.chosen
        await driver.press("z")
        assert app.chosen != before
        await driver.press("enter", "x")
        assert "tour: 6 of 6" in driver.text
        await driver.press("question_mark", "escape")  # of the command line, not of the tour
        assert "tour: 6 of 6" in driver.text
        await driver.press("question_mark")
        assert app.touring is None
        await driver.press("escape")
        assert "tour" not in driver.text and "findings in iteration 0" in driver.text
        await driver.command("tour")
        assert "tour: 1 of 6" in driver.text
        place = driver.place
        await driver.press("escape")
        assert app.touring is None and driver.place == place


def test_steps_are_about_keys_there_are_and_fit_two_lines_of_80() -> None:
    for step in STEPS:
        assert set(step.ids) <= {binding.id for binding in KEYS}
        assert len(said(step, lambda _: "ctrl+s")) < 2 * 70


def test_the_first_start_is_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path / "new"))
    assert [first_start(), first_start()] == [True, False]
    (tmp_path / "file").touch()
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path / "file" / "no folder"))
    assert not first_start()
