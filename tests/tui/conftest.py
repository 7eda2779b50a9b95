from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual.pilot import Pilot
from textual.widgets import Static

import scenarios
from mtorch import Training
from mtorch.debug.session import Session
from tui.actions import counting
from tui.app import DebuggerApp
from tui.export.picture import settled
from tui.notebook import Notebook
from tui.widgets.command_line import CommandLine


class Driver:
    """A debugger that is driven by keys; after each, everything that it set off has come to an end."""

    def __init__(self, app: DebuggerApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        """A digit and what comes after it are typed without a pause."""
        for key, after in zip(keys, (*keys[1:], None), strict=True):
            await self.pilot.press(key)
            if not key.isdigit() or after is None:
                await self.settle()

    async def settle(self) -> None:
        """Until nothing runs, no timer is pending, and messages have been handled."""
        if self.app.alone is not None:
            self.app.end_digits()
        await settled(self.app, self.pilot)
        assert self.app.is_running, self.app._exception

    async def command(self, words: str) -> None:
        """As if it had been typed. Opening and closing the line lays the screen out anew, which takes most of the time;
        the pseudo-terminal's test types.
        """
        self.submit(words)
        await self.settle()

    def submit(self, words: str) -> None:
        """Begin a command."""
        line = self.app.query_one(CommandLine)
        line.value, line.verb = words, ""
        self.app.call_later(self.app.action_submit_command)

    @property
    def place(self) -> str:
        assert self.app.position is not None
        iteration, event = self.app.position
        return str(self.app.session.trace(iteration).events[event].address)

    @property
    def status(self) -> str:
        """The line that says what just happened."""
        return str(self.app.query_one("#status", Static).render())

    @property
    def text(self) -> str:
        """All that the screen shows."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def nothing_due(*_: float) -> None:
    """Until the screen is drawn, and only timers and threads are left in the loop."""
    app, due = active_app.get(), asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    while True:
        await asyncio.sleep(0)
        while due:
            await asyncio.sleep(0)
        if app._resize_event is not None:  # it waits for the last of several
            app._check_resize()
        app.screen._on_timer_update()
        if not due:
            return


@pytest.fixture(scope="session", autouse=True)
def exactly_idle() -> Iterator[None]:
    """Textual's pilot waits until the processor has had nothing to do for 20 ms, twice a key and once a pause; the app,
    whether another key comes before it begins a check.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", nothing_due)
        patch.setattr("tui.actions.showing.SHORT", 0.001)
        yield


@cache
def session_of(scenario: str) -> Session:
    """One for all tests of a scenario: what it knows already makes no difference to what shows, and spares checks."""
    return Session(scenarios.find(scenario).build())


@pytest.fixture
def debug(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractAsyncContextManager[Driver]]:
    """Opens the debugger on a scenario's name, a training or a session."""

    monkeypatch.setattr(counting, "ALONE", 1e6)  # digits are alone where the driver says so

    @asynccontextmanager
    async def opened(
        target: Any,
        size: tuple[int, int] = (80, 24),
        settle: bool = True,
        notebook: Notebook | None = None,
        **options: Any,
    ) -> AsyncIterator[Driver]:
        if isinstance(target, str):
            session = session_of(target)
        else:
            session = Session(target) if isinstance(target, Training) else target
        app = DebuggerApp(session, "target", notebook, **options)
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            if settle:
                await driver.settle()
            yield driver

    return opened
