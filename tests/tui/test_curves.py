"""The curves on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tui.widgets.curves_view import Chart, CurvesView

Debug = Callable[..., Any]


async def test_curves_show_and_stay_as_they_are_while_nothing_in_them_changes(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with debug("rnn-sin-cos", size=(100, 64)) as driver:
        app = driver.app
        assert not app.query("CurvesView"), "what isn't asked for isn't there"
        await driver.press("5")
        curves = app.query_one(CurvesView)
        assert app.focused is curves and "loss per element" in driver.text
        assert "sample 0 in time: i input, t target, o output" in driver.text
        first = app.query(Chart).first()
        drawn = first.given
        await driver.command("step")
        assert first.given is drawn, "the same iteration, the same curve"
        await driver.command("goto 2 backward")
        assert first.given.at == 2 and len(app.query(Chart)) == 1
        assert any(0x2800 < ord(character) < 0x2900 for character in driver.text), "a line of braille dots"
        monkeypatch.setattr(app.session, "series", lambda name: np.arange(3.0) if name.endswith("norm") else None)
        await driver.command("watch linear.weight.grad_norm > 3")
        assert "linear.weight.grad_norm 2 in iteration 2" in driver.text
        await driver.command("view tensors")
        assert not curves.display and not app.query_one("#view").display
        await driver.press("7")
        assert "equations of" in driver.text and not curves.display
