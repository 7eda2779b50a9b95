"""Work in the background says how far it is, and stops at esc."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.derivatives import Unmeasured
from mtorch.debug.session import Session
from mtorch.debug.sources import parse, sources
from tui.actions.background import STOPPED
from tui.messages import Working

Debug = Callable[..., Any]


class Gated(layers.Tanh):
    """Its check waits for a gate."""

    began, gate = threading.Event(), threading.Event()

    def forward(self, x: Any) -> Any:
        if x.dtype != np.float32 and not self.gate.is_set():
            self.began.set()
            assert self.gate.wait(30)
        return super().forward(x)


class Batches:
    def batch(self, number: int) -> Any:
        return np.ones((2, 3), "f4"), np.ones((2, 3), "f4")


async def test_a_check_says_how_far_it_is_and_stops_at_esc(debug: Debug) -> None:
    module = Module(Sequential([layers.Linear(3, 3, rng=0), Gated()]))
    session = Session(Training(module, SquareLoss(module.backward), SGD(module, 0.1), Batches(), epoch=9))
    async with debug(session, settle=False) as driver:
        app = driver.app
        while not Gated.began.is_set():
            await driver.pilot.pause()
        app.say("what was said")
        app.post_message(Working("checking: 5 calls so far"))
        await driver.pilot.pause()
        assert driver.status == "checking: 5 calls so far"
        await driver.pilot.press("escape")
        await driver.pilot.pause()
        assert driver.status == STOPPED and "not checked: stopped; the next move begins it anew" in driver.text
        app.post_message(Working("checking: 6 calls so far"))
        await driver.pilot.pause()
        assert "stopped" in driver.status, "what has been stopped says nothing any more"
        Gated.gate.set()
        await driver.settle()
        assert app.failures == {0: STOPPED} and session.known_report(0) is None
        await driver.press("s")
        assert app.failures == {} and session.known_report(0) is not None
        assert "gradients right" in driver.text


async def test_what_was_said_is_said_again_after_progress(debug: Debug) -> None:
    async with debug("xor") as driver:
        driver.app.say("what was said")
        driver.app._progressing = True
        driver.app._put("progress")
        driver.app.rest()
        assert driver.status == "what was said"


def test_numbers_that_take_long_can_be_stopped() -> None:
    """What was stopped is not taken for an answer, and can be asked for again."""
    trained = Session(scenarios.find("mnist-mlp-seed").build())
    report = trained.report(0)
    event, (check, *_) = next(iter(report.wrong.items()))
    asked: list[None] = []

    def going() -> bool:
        asked.append(None)
        return len(asked) < 3

    assert report.numerical(event, check.tensor, going) is None and len(asked) >= 3
    assert report.known_numerical(event, check.tensor) is None
    assert report.numerical(event, check.tensor) is not None
    trace = trained.trace(0)
    relu = next(event for event in trace.events if "relu" in event.address.path or "sigmoid" in event.address.path)
    with pytest.raises(Unmeasured):
        sources(trace, parse("output[0,0]", relu), lambda: False)
