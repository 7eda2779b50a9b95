"""Digits, counts, levels, views and zoom, as keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tui.actions import counting
from tui.viewmodels.numbers import cell as cell_text
from tui.widgets.lines_view import LinesView
from tui.widgets.tensor_table import TensorTable

Debug = Callable[..., Any]


async def test_digits_alone_show_panels_and_say_so_and_without_a_pause_they_count(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with debug("rnn-sin-cos") as driver:
        app = driver.app
        await driver.press("7")
        assert app.view == "7" and app.focused is app.query_one(LinesView)
        assert "equations of" in driver.text and driver.status.startswith("equations: ")
        await driver.press("s")
        assert (app.position.event, app.view) == (1, "7")
        await driver.press("2")
        assert app.view is None and app.focused is app.query(TensorTable).first()
        assert driver.status.startswith("tensors: ")
        await driver.press("1", "0", "s")
        assert (app.position.event, app.view) == (11, None), "the count begins anew behind an opened panel"
        assert app.focused is app.query(TensorTable).first()
        await driver.press("0")
        assert app.focused is app.query_one("#findings") and driver.status.startswith("findings: ")
        await driver.press("1")
        assert app.focused is app.query_one("#tree") and driver.status.startswith("events: ")
        await driver.pilot.press("1", "2")
        assert "12 times" in driver.status
        await driver.press("escape", "s")
        assert app.position.event == 12, "esc has forgotten the count"
        await driver.press("1", "2", "t", "s")
        assert app.position.event == 13, "so does a key that nothing is counted for"
        await driver.press("8", "question_mark")
        assert app.view == "8" and app.screen.is_modal, "a digit before such a key opens its panel"
        await driver.press("escape", "2", "right_curly_bracket")
        assert app.position.iteration == 2
        await driver.press("9", "left_curly_bracket")
        assert app.position.iteration == 0
        monkeypatch.setattr(counting, "ALONE", 0.001)
        await driver.pilot.press("6")
        while app.alone is not None:
            await driver.pilot.pause()
        assert app.view == "6", "a moment is over"


async def test_keys_that_come_faster_than_the_screen_are_all_taken_and_the_last_is_shown(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with debug("rnn-sin-cos") as driver:
        shown: list[int] = []
        show = driver.app.show
        monkeypatch.setattr(driver.app, "show", lambda: (shown.append(driver.app.position.event), show()))
        for _ in range(20):
            driver.app.action_move("into")
        await driver.settle()
        assert driver.app.position.event == 20
        assert shown and set(shown) == {20}
        assert "rnn › t=6" in driver.text


async def test_levels_and_zoom(debug: Debug) -> None:
    async with debug("rnn-sin-cos") as driver:
        await driver.press("d", "d", "d")
        assert driver.place == "0 forward rnn.linear t=0"
        await driver.press("d")
        assert "nothing inside" in driver.status
        await driver.press("u", "u", "u")
        assert driver.place == "0 forward"
        await driver.press("u")
        assert "outermost" in driver.status
        left, right = driver.app.query_one("#left"), driver.app.query_one("#right")
        await driver.press("plus")
        assert left.display and not right.display, "the tree has the focus"
        await driver.press("underscore", "tab", "plus")
        assert right.display and not left.display
        await driver.press("underscore")
        assert right.display and left.display


async def test_the_table_is_gone_through_by_keys(debug: Debug) -> None:
    async with debug("rnn-sin-cos-seed") as driver:
        await driver.command("goto 0 backward rnn.tanh t=8")
        table = driver.app.query(TensorTable).first()
        await driver.press("W")
        assert "wrong: grad_input[0,1] = " in driver.status, "the one behind the chosen cell"
        await driver.press("m")
        array = table.table.array
        assert abs(array[table.cell]) == abs(array).max() and str(array[table.cell]) in driver.status
        await driver.press("I")
        assert driver.status == "all numbers are finite"
        cell = table.cell
        await driver.press("o")
        assert table.cell == cell, "it is the same, in another row"
        await driver.press("t", "t", "t")
        assert table.look.form == "exact" and "numbers: exact" in driver.status
        await driver.press("y")
        assert driver.app.clipboard == cell_text(array[cell], "exact") and "copied grad_input[" in driver.status
        await driver.press("Y")
        assert driver.app.clipboard.count("\n") == 31 and driver.app.clipboard.count("\t") == 32 * 31
        await driver.command("cell 3,-1")
        assert table.cell == (3, 31)
        await driver.command("cell 99,0")
        assert "no cell 99,0 in a tensor of 32x32" in driver.status
        await driver.press("right_parenthesis")
        assert "one slice only" in driver.status
        await driver.command("goto 0 forward rnn")
        assert "[0,:,:]  slice 0 of 0…9" in driver.text
        await driver.press("right_parenthesis")
        await driver.press("right_curly_bracket")
        assert table.table.fixed == (1,), "the slice stays from one iteration to the next"
        await driver.command("cell 9,0,2")
        assert table.table.fixed == (9,) and table.cell == (9, 0, 2)


async def test_time_steps_gates_by_name_and_a_sample_in_time(debug: Debug) -> None:
    async with debug("lstm-sin-cos") as driver:
        await driver.command("goto 0 forward lstm.sigmoid t=1")
        assert " i0 " in driver.text and " i1 " in driver.text
        await driver.press("4")
        assert "lstm through time" in driver.text and ">✓t=1 " in driver.text and "|dL/dh|" in driver.text
        await driver.press("9")
        assert "sample 0 in time" in driver.text and "t=0…9" in driver.text
