"""Where a number comes from, on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.screens.terms import TermsScreen

Debug = Callable[..., Any]


async def test_a_number_is_followed_from_term_to_term(debug: Debug) -> None:
    async with debug("rnn-sin-cos") as driver:
        await driver.command("goto 0 backward rnn.tanh t=1")
        await driver.command("whence grad_output[2,1]")
        assert isinstance(driver.app.screen, TermsScreen)
        assert "grad_output[2,1] = " in driver.text
        assert "the sum of 2 terms" in driver.text
        assert "of backward rnn.linear t=2" in driver.text
        await driver.press("j")
        await driver.press("enter")
        assert driver.place in ("0 backward rnn", "0 backward rnn.linear t=2")
        assert driver.status.startswith("this is grad_")
        before = driver.status.removeprefix("this is ").partition(";")[0]
        await driver.press("x")
        assert isinstance(driver.app.screen, TermsScreen)
        assert str(driver.app.screen.sources.place) == before
        await driver.press("escape")
        assert not isinstance(driver.app.screen, TermsScreen)


async def test_x_begins_at_the_first_cell_that_shows_and_asks_an_update_for_its_gradient(debug: Debug) -> None:
    async with debug("rnn-sin-cos") as driver:
        await driver.command("goto 0 update rnn.linear.weight")
        assert driver.app.chosen == "delta"
        await driver.press("j", "j", "l", "x")
        assert "gradient[2,1] = " in driver.text
        await driver.press("escape")
        await driver.command("goto 0 backward rnn.tanh t=1")
        await driver.command("whence grad_input[2,1]")
        term = driver.app.screen.sources.terms[0].words
        event = driver.app.trace.events[driver.app.position.event]
        assert term.startswith(
            f"grad_output[2,1] ({float(event.tensors['grad_output'][2, 1]):.4g}) * d output[2,1] / d"
        )


async def test_what_comes_from_nowhere_and_what_is_none_says_so(debug: Debug) -> None:
    async with debug("rnn-sin-cos") as driver:
        await driver.command("goto 0 forward")
        await driver.command("whence x[0,0,0]")
        assert "comes from outside the network" in driver.status
        await driver.command("whence y[0,0,0]")
        assert "no tensor here is called 'y'" in driver.status
        await driver.command("whence x[99,0,0]")
        assert "x has shape (10, 32, 1): expected a cell such as x[0,0,0]" in driver.status
