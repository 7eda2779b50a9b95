"""Breakpoints and watches on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.widgets import Input

from mtorch.debug.session import Session
from tests.mtorch.debug.recording.made import build
from tui.screens.listing import Listing

Debug = Callable[..., Any]


async def test_c_and_C_run_to_breakpoints_and_say_which(debug: Debug) -> None:
    async with debug(build()) as driver:
        await driver.command("break backward rnn.tanh t=1 if iteration >= 3")
        assert driver.status.startswith("1: break backward rnn.tanh t=1 if iteration >= 3; c runs to it")
        await driver.press("c")
        assert (driver.place, driver.status) == (
            "3 backward rnn.tanh t=1",
            "breakpoint 1: backward rnn.tanh t=1 if iteration >= 3 (iteration = 3)",
        )
        await driver.command("break loss")
        await driver.press("c")
        assert (driver.place, driver.status) == ("4 loss", "breakpoint 2: loss")
        await driver.press("C")
        assert driver.place == "3 backward rnn.tanh t=1"
        await driver.command("goto 3 forward")
        await driver.command("watch linear.weight.grad_norm > 3")
        rows = [" ".join(line.split("│")[0].split()) for line in driver.text.split("\n") if set("●○") & set(line)]
        assert rows == ["● loss", "○▸ backward", "○▸ update"], "what is closed has marks, too"
        await driver.command("goto 3 update linear.weight")
        assert "> ●    linear.weight" in driver.text
        await driver.command("delete 3")
        await driver.command("goto 3 backward rnn.tanh t=1")
        await driver.command("delete 2")
        await driver.press("C")
        assert driver.place == "3 backward rnn.tanh t=1"
        assert driver.status == "no breakpoint is hit before this"


async def test_a_watch_stops_at_the_update_and_back(debug: Debug) -> None:
    async with debug(build()) as driver:
        await driver.command("watch rnn.linear.weight[3,2]")
        await driver.command("continue")
        assert driver.place == "0 update rnn.linear.weight"
        assert driver.status.startswith("watch 1: rnn.linear.weight[3,2] (")
        await driver.press("c", "C")
        assert driver.place == "0 update rnn.linear.weight"


async def test_breakpoints_are_listed_switched_off_and_deleted(debug: Debug) -> None:
    async with debug(build()) as driver:
        await driver.command("breakpoints")
        assert "no breakpoints" in driver.status
        await driver.command("b rnn t=1")
        await driver.command("watch loss > 0.1")
        await driver.command("disable 2")
        for command in ("info b", "info breakpoints", "breakpoints"):
            await driver.command(command)
            assert isinstance(driver.app.screen, Listing)
            assert "1: break rnn t=1" in driver.text
            assert "2: watch loss > 0.1 (disabled)" in driver.text
            await driver.press("escape")
        assert [b.enabled for b in driver.app.stops.all] == [True, False]
        await driver.command("disable 1-2 2")
        assert [b.enabled for b in driver.app.stops.all] == [False, False]
        assert driver.status == "disabled 1-2 2"
        await driver.command("enable")
        assert [b.enabled for b in driver.app.stops.all] == [True, True]
        await driver.command("delete")
        assert driver.app.stops.all == []
        assert "deleted all breakpoints" in driver.status


async def test_without_an_enabled_one_c_runs_to_findings(debug: Debug) -> None:
    async with debug("rnn-sin-cos-seed") as driver:
        await driver.command("break update")
        await driver.command("disable 1")
        await driver.press("c")
        assert driver.place == "0 loss"
        await driver.command("enable 1")
        await driver.press("c")
        assert driver.place == "0 update"
        await driver.command("break on finding")
        await driver.press("C")
        assert driver.place.startswith("0 backward")
        assert driver.status.startswith("breakpoint 2: on finding (")


async def test_print_says_what_an_expression_is_here(debug: Debug) -> None:
    async with debug(build()) as driver:
        await driver.command("goto 2 backward rnn.tanh t=1")
        value = driver.app.trace.events[driver.app.position.event].tensors["grad_input"][1, 2]
        await driver.command("print grad_input[1,2] * (t + 1)")
        assert driver.status == f"grad_input[1,2] * (t + 1) = {2 * float(value):.9g}"
        await driver.command("p iteration % 2 == 0")
        assert driver.status == "iteration % 2 == 0 = true"
        await driver.command("p 1e3 / 4")
        assert driver.status == "1e3 / 4 = 250"
        for words, said in (
            ("p grad_inptu[0,0]", "no tensor here is called 'grad_inptu'; did you mean 'grad_input'?"),
            ("p t * gard", "no tensor here is called 'gard'"),
            ("p grad_input", "index it, or take .norm"),
            ("p __import__", "begins with _"),
        ):
            await driver.command(words)
            assert said in driver.status


WHAT_CANNOT_BE = [
    ("watch rnn.wieght[0,0] > 1", "no tensor is called 'rnn.wieght'; did you mean 'rnn.linear.weight'?"),
    ("break rnn t=9", "there, t is 0…2"),
    ("break rnn if __import__('os')", "has no place in a condition"),
    ("break", "break expects PLACE, got ''"),
    ("break rnn tanh", "break expects [PHASE] [PATH] [t=T] [if CONDITION], got 'rnn tanh'"),
    ("break on fire", "break on expects nan or finding, got 'fire'"),
    ("delete 7", "no breakpoint 7; there is none"),
    ("delete x", "delete expects a breakpoint's number"),
    ("info threads", "info expected breakpoints, got 'threads'"),
]


async def test_what_cannot_be_is_said_in_the_status_line(debug: Debug) -> None:
    async with debug(build()) as driver:
        for command, said in WHAT_CANNOT_BE:
            await driver.command(command)
            assert said in driver.status
            assert driver.app.stops.all == []


async def test_b_and_w_open_the_command_line_with_words_in_it(debug: Debug) -> None:
    async with debug(build()) as driver:
        await driver.command("goto 0 backward rnn.tanh t=1")
        await driver.press("b")
        assert driver.app.query_one("#command", Input).value == "break backward rnn.tanh t=1"
        await driver.press("enter")
        assert [str(b) for b in driver.app.stops.all] == ["break backward rnn.tanh t=1"]
        await driver.press("w", *"loss", "enter")
        assert [str(b) for b in driver.app.stops.all][1:] == ["watch loss"]


async def test_esc_stops_a_run_that_finds_nothing(debug: Debug) -> None:
    session = Session(build())
    async with debug(session) as driver:
        await driver.command("watch loss > 1e9")
        await driver.pilot.press("c")
        while len(session.losses) < 300:
            await driver.pilot.pause()
        assert "esc stops" in driver.status
        await driver.press("escape")
        assert driver.place == "0 forward"
        assert driver.status == f"stopped; trained to iteration {len(session.losses)}"
        await driver.press("s")
        assert driver.place == "0 forward rnn"
