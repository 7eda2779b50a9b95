"""Keys for the chosen cell: where it changes, setting it, watching it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from textual.widgets import Input

import scenarios
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer
from tui.actions.cells import number
from tui.notebook import Notebook
from tui.recordings import opened
from tui.targets import load

Debug = Callable[..., Any]


async def typed(driver: Any, key: str) -> str:
    """What a key leaves in the command line, which is closed again."""
    await driver.press(key)
    line = driver.app.query_one("#command", Input)
    words = line.value if driver.app.query_one("#line").display else ""
    if words:
        await driver.press("escape")
    return words


async def test_a_cell_is_followed_to_where_it_changes(debug: Debug) -> None:
    async with debug(scenarios.find("rnn-sin-cos").build(settings={"hidden": 8, "batch": 4})) as driver:
        app = driver.app
        await driver.command("goto 0 forward rnn.tanh t=8")
        await driver.command("cell 1,2")
        await driver.press("greater_than_sign")
        assert driver.place == "0 forward rnn.tanh t=9"
        assert driver.status.startswith("output[1,2] is ") and app.table.cell == (1, 2)
        await driver.press("greater_than_sign")
        assert (driver.place, app.chosen) == ("1 forward rnn.tanh t=0", "output")
        await driver.press("less_than_sign", "less_than_sign")
        assert driver.place == "0 forward rnn.tanh t=8"
        await driver.press("3", "greater_than_sign")
        assert driver.place == "1 forward rnn.tanh t=1"
        await driver.command("goto 0 forward rnn.linear t=0")
        app.look_at("weight", (3, 7))
        await driver.press("2", "greater_than_sign")
        assert (driver.place, app.chosen, app.table.cell) == ("1 update rnn.linear.weight", "delta", (3, 7))
        assert driver.status.startswith("rnn.linear.weight[3,7] changed by ")
        await driver.press("9", "less_than_sign")
        assert driver.place == "0 update rnn.linear.weight"
        assert driver.status.endswith("; it changed only 1 time before this")
        await driver.press("less_than_sign")
        assert driver.status == "rnn.linear.weight[3,7] has no other value before this"
        await driver.command("goto 0")
        app.look_at("h0", (0, 0))
        await driver.press("greater_than_sign")
        assert (driver.place, driver.status) == (
            "0 forward",
            "h0[0,0] has no other value within 100 iterations after this",
        )
        assert app.wanted is None


async def test_set_and_watch_are_typed_as_far_as_the_cell_says(debug: Debug, tmp_path: Path) -> None:
    target = load("rnn-sin-cos", 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session()) as driver:
        app = driver.app
        await driver.command("goto 1 forward linear")
        app.look_at("weight", (2, 0))
        weight = app.trace.events[app.position.event].tensors["weight"][2, 0]
        assert await typed(driver, "w") == "watch linear.weight[2,0]"
        assert await typed(driver, "e") == "set linear.weight[2,0] = " + str(weight)
        app.look_at("output", (0, 1, 0))
        assert await typed(driver, "w") == "watch "
        assert await typed(driver, "e") == "" and driver.status.startswith("output is computed here: set takes ")
        await driver.command("goto 1 update")
        assert await typed(driver, "w") == "watch "
        assert await typed(driver, "e") == "" and driver.status == "no number shows here: step into it"
        await driver.press("greater_than_sign")
        assert driver.status == "no number shows here: step into it"
    path = tmp_path / "a.mtr"
    with Writer(path, {"target": {"kind": "scenario", "name": "gone", "settings": {}}, "seed": 0}) as writer:
        Recorder(target.training, writer, keep={0, 1}).run(3)
    session, _, recording = opened(str(path), (), None, None, None)
    async with debug(session, notebook=Notebook(None, recording)) as driver:
        assert await typed(driver, "e") == "" and "cannot be run again" in driver.status
        await driver.press("greater_than_sign")
        assert driver.place == "1 forward", "of another batch"
        await driver.press("greater_than_sign")
        assert "iteration 2 cannot be run again" in driver.status and driver.place == "1 forward"


def test_numbers_are_written_as_set_takes_them() -> None:
    assert [
        number(x) for x in (np.float32(0.1), np.int64(3), np.bool_(True), np.float64(1e300), np.float32("nan"))
    ] == [
        "0.1",
        "3",
        "1",
        "1e+300",
        "nan",
    ]
