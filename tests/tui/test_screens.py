"""Whole screens as text: every view in three sizes, and the same on dark and light themes and without colour."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.style import Style

import scenarios
from tests.tui.goldens import same
from tui.viewmodels.views import VIEWS

Debug = Callable[..., Any]
SIZES = [(80, 24), (140, 45), (220, 60)]
NAMES = {None: "tensors", **{digit: view.name for digit, view in VIEWS.items()}}


def segments(driver: Any) -> Iterator[tuple[str, Style]]:
    """Each text of one style."""
    for strip in driver.app.screen._compositor.render_strips():
        yield from ((text, style or Style()) for text, style, _ in strip)


def emphasis(driver: Any) -> str:
    """What is said without colour: of each character, whether it is bold, and whether reversed."""
    return "".join(" brB"[bool(style.bold) + 2 * bool(style.reverse)] * len(text) for text, style in segments(driver))


async def at_each_screen(driver: Any, look: Callable[[str], None]) -> None:
    """At the seed's stale cache, tell `look` the name of each screen that shows."""
    await driver.command("goto 0 backward rnn.tanh t=8")
    for width, height in SIZES:
        await driver.pilot.resize_terminal(width, height)
        for digit, name in NAMES.items():
            driver.app.put_view(digit)
            await driver.settle()
            look(f"screen-{name}-{width}x{height}")


async def test_screens_say_what_they_said_whatever_their_colours(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, tuple[str, str]] = {}
    async with debug(scenarios.find("rnn-sin-cos-seed").build()) as driver:

        def golden(name: str) -> None:
            seen[name] = driver.text, emphasis(driver)
            # How far roundings are apart is another number on another machine.
            same(name, re.sub(r"[\d.]+e-1\d", lambda number: "~" * len(number[0]), driver.text))

        def light(name: str) -> None:
            assert (driver.text, emphasis(driver)) == seen[name], f"{name}: more than colours is another"

        await at_each_screen(driver, golden)
        dark = {style.color for _, style in segments(driver)}
        driver.app.theme = "textual-light"
        await at_each_screen(driver, light)
        assert dark != {style.color for _, style in segments(driver)}
    monkeypatch.setenv("NO_COLOR", "1")
    async with debug(scenarios.find("rnn-sin-cos-seed").build()) as driver:

        def bare(name: str) -> None:
            assert driver.text == seen[name][0]
            colours = {colour for _, style in segments(driver) for colour in (style.color, style.bgcolor)}
            assert all(colour is None or colour.is_default for colour in colours), name

        await at_each_screen(driver, bare)
        driver.app.theme = "ansi-dark"
        await driver.settle()
        bare(list(seen)[-1])
