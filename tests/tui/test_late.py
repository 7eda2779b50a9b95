"""What comes late, or when something else shows by then."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Stopped
from mtorch.debug.sources import parse, sources
from mtorch.debug.timeline import Position
from tui.messages import Compared, Traced
from tui.screens.terms import TermsScreen
from tui.viewmodels.table import Look, Table
from tui.widgets.tensor_panel import TensorPanel

Debug = Callable[..., Any]


def stopped(*_: Any) -> Any:
    raise Stopped


async def test_what_was_under_way_is_of_where_it_began(debug: Debug) -> None:
    async with debug(scenarios.find("rnn-sin-cos").build(settings={"hidden": 8, "batch": 4})) as driver:
        app = driver.app
        trunk = app.session
        await driver.command("goto 1 update rnn.linear.weight")
        place = parse("gradient[3,7]", app.trace.events[app.position.event])
        late = Traced(app.trace, place, sources(app.trace, place))
        # Terms of another iteration's gradient, with the same name and event.
        await driver.command("goto 2 update rnn.linear.weight")
        app.post_message(late)
        await driver.settle()
        assert not isinstance(app.screen, TermsScreen)
        # The end of a comparison in another branch, of which no report of this one knows.
        app.post_message(Compared(Report(2, app.trace, (), ()), 0, "grad_input", "not to be had"))
        await driver.settle()
        assert app.uncompared == {}
        # A branch in which nothing was wrong yet, entered from where something was.
        app.fail(ValueError("of the trunk"))
        assert "stopped: ValueError: of the trunk" in driver.app.here_words()
        await driver.command("set rnn.linear.weight[3,7] = 3")
        assert driver.place == "2 update rnn.linear.weight" and app.session is not trunk
        assert not any("of the trunk" in words for words in app.here_words())
        # Its start has no such parameter, and tensors of other ranks.
        await driver.command("cell 3,7")
        await driver.press("less_than_sign")
        assert driver.place == "2 forward" and "was set at the start of iteration 2" in driver.status
        assert (app.tensor, app.table.cell) == (None, (0, 0, 0))
        # A branch that esc kept from being entered, because another run takes long to come along.
        app.other = SimpleNamespace(session=None, name="other", step=stopped, shown=None, cost=lambda _: 0.0)
        await driver.command("branch trunk")
        assert driver.status == "stopped"
        assert (app.branches.current, app.session is app.shown) == ("branch1", True)
        app.other = None

        def job(_: Going) -> tuple[Position, str]:
            app.wanted = ("delta", (0, 0))
            raise Stopped

        app.run_far(job)
        await driver.settle()
        assert (driver.status, app.wanted) == ("stopped", None), "nothing is to be chosen where the next step leads"
        await driver.command("branch trunk")
        assert (app.branches.current, app.session is trunk) == ("trunk", True)


async def test_a_table_of_another_shape_begins_at_its_start(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    async with debug("xor") as driver:
        app, table = driver.app, driver.app.table
        table.show(Table(np.zeros((200, 20, 3)), look=Look((2,))))
        table.choose((150, 15, 2))
        table.show(None)  # an event that has no tensors
        table.show(Table(np.zeros((3, 2))))
        assert (table.cursor, table.cell, table.look.fixed) == ((0, 0), (0, 0), ()), "no number is chosen unseen"
        table.show(Table(np.zeros((200, 20))))
        table.choose((150, 15))
        table.show(Table(np.zeros((300, 20))))
        assert (table.cursor, table.scroll_offset) == ((0, 0), (0, 0)), "what is chosen shows"
        panel, array = app.query(TensorPanel).first(), np.zeros((1, 2))
        panel.show("output", array, labels=((), ("yes", "no")))
        panel.show("input", array)
        assert table.table.labels == (), "the same array, as what goes into the next layer"
        there, app.position = app.position, None
        app.action_note("too early")
        assert app.notebook.notes == [] and app.refused.startswith("nothing shows yet")
        app.position = there
        await driver.press("s", "s")
        await driver.pilot.click("#tree", offset=(0, 0))
        await driver.settle()
        assert driver.place == "0 forward", "the first cell of the first line is one, too"
        times: list[int] = []
        monkeypatch.setattr(app, "run_far", lambda *_: None)
        monkeypatch.setattr(app, "say", lambda words: times.append(words))
        await driver.press(*"1000000", "s")
        assert times[-1] == "1000000 times … esc stops"
