"""The frame: what shows, and what is kept, while a debugger is being loaded."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from mtorch.debug.session import Going
from mtorch.debug.timeline import Position
from mtorch.errors import ScenarioError
from tests.terminal import PATIENCE
from tests.tui.conftest import Driver, session_of
from tui.actions import running
from tui.app import DebuggerApp
from tui.config import Config
from tui.frame import Frame

Debug = Callable[..., Any]


def test_it_needs_neither_numpy_nor_the_engine() -> None:
    code = "import sys, tui.cli, tui.debugging; print({'numpy', 'mtorch', 'scenarios'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_it_becomes_a_debugger_that_takes_what_was_typed(size: tuple[int, int]) -> None:
    go_on = Event()

    def load() -> tuple[type[Frame], dict[str, Any]]:
        go_on.wait(PATIENCE)
        return DebuggerApp, {"session": session_of("rnn-sin-cos-seed"), "target": "rnn[b]"}

    app = Frame(Config(keys={"next": "z"}, theme="nord"), "rnn[b]", load)
    async with app.run_test(size=size) as pilot:
        assert type(app) is Frame and app.theme == "nord"
        driver = Driver(app, pilot)  # type: ignore[arg-type]
        await pilot.press("z", "s")
        app._still()
        await pilot.pause()
        assert "loading rnn[b] …" in driver.text and "help" in driver.text and "0 s; q leaves" in driver.text
        go_on.set()
        await app.workers.wait_for_complete()
        for _ in range(2):  # until the keys have come, and what they do has shown
            await driver.settle()
            await pilot.pause()
        assert type(app) is DebuggerApp
        assert driver.text.lstrip().startswith("iteration 0 › backward "), "over forward, then on from the loss"
        assert ("network in iteration 0" in driver.text) == (size[0] == 200)
        await pilot.press("q")
    assert app.return_code == 0 and app.crashed is None


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("escape", 0), ("ctrl+c", 130)])
async def test_it_can_be_left_while_loading(key: str, status: int) -> None:
    go_on = Event()

    def load() -> tuple[type[Frame], dict[str, Any]]:
        go_on.wait(PATIENCE)
        raise ScenarioError("too late to matter")

    app = Frame(None, "slow", load)
    async with app.run_test() as pilot:
        await pilot.press(key)
        go_on.set()
    assert app.return_code == status


@pytest.mark.parametrize("error", [ScenarioError("no such thing"), SystemExit(3)])
async def test_what_cannot_be_loaded_ends_it_and_is_kept(error: BaseException) -> None:
    def load() -> tuple[type[Frame], dict[str, Any]]:
        raise error

    app = Frame(None, "none", load)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
    assert app.failure is error and app.crashed is None


async def test_keys_wait_for_a_run_that_began_just_now_but_not_for_a_long_one(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with debug("rnn-sin-cos") as driver:
        app, go_on = driver.app, Event()

        def job(going: Going) -> tuple[Position, str]:
            go_on.wait(PATIENCE)
            return Position(0, 0), "there"

        monkeypatch.setattr(running, "PATIENT", 1e6)  # however long keys take here
        app.run_far(job)
        await driver.pilot.press("s", "s")
        assert driver.status != "still running: esc stops it"
        go_on.set()
        await driver.settle()
        await driver.pilot.pause()
        assert app.position == Position(0, 2)
        go_on.clear()
        monkeypatch.setattr(running, "PATIENT", 0.001)
        app.run_far(job)
        while time.monotonic() - app.began <= running.PATIENT:
            await driver.pilot.pause()
        await driver.pilot.press("s")
        assert driver.status == "still running: esc stops it"
        go_on.set()
        await driver.settle()
        assert app.position == Position(0, 0)
        monkeypatch.setattr(running, "PATIENT", 1e6)
        go_on.clear()
        app.run_far(job)
        await driver.pilot.press("s", "escape")
        go_on.set()
        await driver.settle()
        assert app.position == Position(0, 0), "esc forgets what was typed ahead"
