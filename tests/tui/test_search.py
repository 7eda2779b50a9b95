"""Searching on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Debug = Callable[..., Any]


async def test_matches_are_gone_through_and_counted(debug: Debug) -> None:
    async with debug("rnn-sin-cos-seed") as driver:
        await driver.press("slash", *"rnn", "full_stop", *"tanh", "space", "t", "enter")
        assert (driver.place, driver.status.partition(";")[0]) == ("0 forward rnn.tanh t=0", "rnn.tanh t: 1 of 20")
        await driver.press("2", "full_stop")
        assert (driver.place, driver.status.partition(";")[0]) == ("0 forward rnn.tanh t=2", "rnn.tanh t: 3 of 20")
        await driver.press("3", "comma")
        assert (driver.place, driver.status.partition(";")[0]) == ("0 backward rnn.tanh t=0", "rnn.tanh t: 20 of 20")
        await driver.command("search STALE")
        assert driver.status == "no event of this iteration has STALE"
        await driver.command("goto 0 loss")
        await driver.command("/ derivative at the input")
        assert driver.place == "0 backward rnn.tanh t=8"
        await driver.press("right_curly_bracket", "full_stop")
        assert driver.place == "1 backward rnn.linear t=8"
        await driver.press("escape")
        assert driver.status == ""
        await driver.press("full_stop")
        assert driver.status == "nothing was searched for yet; search TEXT does"
