"""Stepping on by itself: the timer's ticks are called here, so that nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import scenarios
from mtorch.debug.session import Session

Debug = Callable[..., Any]


async def test_it_plays_until_something_else_moves_or_c_would_stop(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with debug("rnn-sin-cos-seed") as driver:
        app = driver.app
        monkeypatch.setattr(app, "set_interval", partial(app.set_interval, pause=True))

        async def beat(times: int = 1) -> None:
            for _ in range(times):
                app.beat()
                await driver.settle()

        await driver.press("minus", "minus", "minus")
        assert driver.status == "1 a second; space plays"
        await driver.press("space")
        assert app.playing and driver.status.startswith("▶ 1 a second")
        assert driver.place == "0 forward"
        await beat(2)
        assert driver.place == "0 forward rnn t=0"
        assert driver.status.startswith("▶ 1 a second")
        await driver.press("equals_sign")
        assert driver.status.startswith("▶ 2 a second")
        await driver.press("space")
        assert not app.playing and driver.status == "stopped; space plays on"
        await beat()
        assert driver.place == "0 forward rnn t=0"

        for stopping in (["s"], ["tab", "tab", "0", "enter"], ["question_mark"]):
            await driver.press("space", *stopping)
            place = driver.place
            await beat()
            assert not app.playing and driver.place == place
        await driver.press("escape")
        assert driver.status == "stopped; space plays on", "the help stopped it"
        await driver.press("space", "escape")
        assert not app.playing

        await driver.command("goto 0 forward sigmoid")  # the loss comes next, which has a finding
        await driver.press("space")
        await beat()
        assert (driver.place, app.playing, driver.status) == ("0 loss", False, "unreachable-target; space plays on")
        await driver.command("break forward rnn t=1")
        await driver.command("goto 0 update linear.bias")
        await driver.press("space")
        await beat(5)  # over the iteration's end, and over findings, as there is a breakpoint
        assert (driver.place, app.playing) == ("1 forward rnn.tanh t=0", True)
        await beat()
        assert (driver.place, app.playing) == ("1 forward rnn t=1", False)
        assert driver.status == "breakpoint 1: forward rnn t=1"


class Ending(Session):
    """Like one of a recording: after iteration 0 nothing can be run."""

    def move(self, position: Any, move: str, going: Any = lambda _: True) -> Any:
        there = super().move(position, move, going)
        return position if there.iteration else there


async def test_it_stops_where_nothing_more_can_be_run(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    async with debug(Ending(scenarios.find("xor").build())) as driver:
        monkeypatch.setattr(driver.app, "set_interval", partial(driver.app.set_interval, pause=True))
        await driver.command("play")
        for _ in range(len(driver.app.trace.events)):
            driver.app.beat()
        assert not driver.app.playing
        assert driver.place.startswith("0 update")
