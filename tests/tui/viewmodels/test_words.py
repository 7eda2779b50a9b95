"""Statistics, the loss's curve, the breadcrumb, the choice of a tensor, the verdict: what is said of an event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scenarios
from mtorch.debug.events import Address, Event, Trace
from mtorch.debug.report import Report
from mtorch.debug.session import Session
from mtorch.debug.sources import Place, Sources, Term
from mtorch.debug.spans import plural
from mtorch.errors import MtorchError, unknown
from tui.commands import chosen
from tui.viewmodels.curve import loss_so_far, sparkline, told
from tui.viewmodels.lines import text
from tui.viewmodels.place import breadcrumb
from tui.viewmodels.scene import Scene
from tui.viewmodels.sources import heading
from tui.viewmodels.statistics import statistics
from tui.viewmodels.tensors import beside, choose
from tui.viewmodels.tree import ancestors, marks, row, visible
from tui.viewmodels.verdict import summary, verdict
from tui.viewmodels.views import network, through_time


@pytest.fixture(scope="module")
def seed() -> Session:
    return Session(scenarios.find("rnn-sin-cos-seed").build())


@pytest.fixture(scope="module")
def healthy() -> Session:
    return Session(scenarios.find("rnn-sin-cos").build())


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([[-1.0, 0, 0, 3]]), "1x4 float64 · -1…3 · mean 0.5 · std 1.5 · 50% zero"),
        (np.array([np.nan, np.inf, 2.0], np.float32), "3 float32 · 1 NaN, 1 Inf of 3 · 2…2 · mean 2 · std 0"),
        (np.array([np.nan]), "1 float64 · 1 NaN, 0 Inf of 1"),
        (np.zeros((0, 3)), "0x3 float64 · empty"),
        (np.array([3, 5]), "2 int64 · 3…5 · mean 4 · std 1"),
    ],
)
def test_statistics(array: np.ndarray, said: str) -> None:
    assert statistics(array) == said


@given(st.lists(st.floats(width=32), max_size=200), st.integers(0, 50))
def test_a_curve_fits_its_width(values: list[float], width: int) -> None:
    with np.errstate(all="ignore"):
        assert len(sparkline(values, width)) == min(width, len(values))


def test_a_curve_goes_down_as_the_loss_does_and_shows_what_is_lost() -> None:
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert sparkline([1.0, float("nan"), 2.0], 3) == "▁?█"


def test_the_loss_in_words() -> None:
    assert loss_so_far([0.5, 0.25], 0, 10) == ("█▁", "0.5000 · least 0.2500")
    assert loss_so_far([1e200, 2e-5], 1, 10)[1] == "2e-05 · least 2e-05" and told(1e200) == "1e+200"
    assert [told(loss) for loss in (0.0, 0.00065, 1234.5, float("nan"))] == ["0.0000", "0.00065", "1234.5000", "nan"]
    assert loss_so_far([], 0, 10) == ("", "no iteration has run yet")


def test_the_breadcrumb_is_the_contract_s(seed: Session) -> None:
    place = seed.goto(Address(0, "backward", "rnn.tanh", 3))
    assert breadcrumb(seed.trace(0).events, place.event) == "iteration 0 › backward › rnn › t=3 › tanh"


def test_the_first_wrong_tensor_is_shown_first_and_else_what_was_wanted(seed: Session) -> None:
    event = seed.trace(0).events[seed.goto(Address(0, "backward", "linear")).event]
    assert choose(event, ["grad_weight"], None) == "grad_weight"
    assert choose(event, [], "grad_bias") == "grad_bias"
    assert choose(event, [], "nothing here") == "grad_input"


def test_tensors_go_round() -> None:
    assert [beside(["a", "b"], name, by) for name, by in (("a", 1), ("b", 1), ("a", -1), (None, 1))] == [
        "b",
        "a",
        "b",
        "a",
    ]
    assert beside([], None, 1) is None


def test_only_what_is_open_shows(seed: Session) -> None:
    events = seed.trace(0).events
    assert [events[i].label for i in visible(events, set())] == ["forward", "loss", "backward", "update"]
    tanh = seed.goto(Address(0, "forward", "rnn.tanh", 1)).event
    shown = visible(events, set(ancestors(events, tanh)))
    assert tanh in shown
    assert [events[i].label for i in shown][:4] == ["forward", "rnn", "t=0", "t=1"]


def test_a_folded_row_says_that_something_inside_is_wrong(seed: Session) -> None:
    events, signs = seed.trace(0).events, marks(seed.trace(0).events, seed.report(0).marked)
    shown = {events[i].label: row(events, i, False, signs).mark for i in visible(events, set())}
    assert shown == {"forward": " ", "loss": "✗", "backward": "·", "update": " "}


def test_what_a_finding_notes_is_not_called_wrong(seed: Session) -> None:
    trace, report = seed.trace(0), seed.report(0)
    noted = Report(0, report.trace, report.checks, tuple(replace(f, severity="info") for f in report.findings))
    assert noted.marked.keys() == report.marked.keys() and noted.ok
    assert (noted.faulty, noted.wrong, summary(noted, False)) == ({}, {}, f"i {len(noted.findings)} findings")
    mixed = replace(noted, findings=(*noted.findings[1:], replace(noted.findings[0], severity="warning")))
    assert summary(mixed, False).startswith("! ") and summary(report, False).startswith("✗ ")
    step = seed.goto(Address(0, "backward", "rnn", 8)).event
    assert verdict(trace.events[step], noted) == (
        "open",
        "· 2 events inside with findings, first 0 backward rnn.tanh t=8",
    )
    for view in (network, through_time):
        lines = text(view.lines(Scene(trace, step, noted), 98, 30)).split("\n")[:-1]
        assert not any(mark in line for line in lines for mark in "✗·"), "nor right: its checks failed"


def test_nothing_is_right_before_it_was_checked(healthy: Session) -> None:
    for event in healthy.trace(0).events:
        assert verdict(event, None) == ("open", "not checked yet")
    assert [summary(None, checking) for checking in (False, True)] == ["not checked", "checking …"]


def test_right_gradients_are_named_with_their_error(healthy: Session) -> None:
    event = healthy.trace(0).events[healthy.goto(Address(0, "backward", "linear")).event]
    said = verdict(event, healthy.report(0))
    assert said.kind == "right"
    assert said.text.startswith("✓ grad_input, grad_weight, grad_bias agree with the numerical derivative")


def test_only_backward_calls_are_called_right(healthy: Session) -> None:
    for event in healthy.trace(0).events:
        assert (verdict(event, healthy.report(0)).kind == "right") == (event.call is not None)


def test_a_wrong_event_says_why_and_what_holds_it_where(seed: Session) -> None:
    trace, report = seed.trace(0), seed.report(0)
    tanh = verdict(trace.events[seed.goto(Address(0, "backward", "rnn.tanh", 8)).event], report)
    assert tanh.kind == "wrong"
    assert "stale-cache" in tanh.text and "t=9" in tanh.text
    step = verdict(trace.events[seed.goto(Address(0, "backward", "rnn", 8)).event], report)
    assert step.text == "· 2 events inside with findings, first 0 backward rnn.tanh t=8"


def test_of_what_has_no_phase_around_it_the_phase_is_said_and_goto_takes_it() -> None:
    events = (
        Event(0, Address(0, "forward", "relu", 0), "relu", 0, None, 1),
        Event(1, Address(0, "forward", "relu", 1), "relu", 0, None, 2),
        Event(2, Address(0, "backward", "rnn"), "rnn", 0, None, 6),
        Event(3, Address(0, "backward", "rnn", 4), "t=4", 1, 2, 6),
        Event(4, Address(0, "backward", "rnn.cell", 4), "cell", 2, 3, 6),
        Event(5, Address(0, "backward", "rnn.cell.tanh", 4), "tanh", 3, 4, 6),
        Event(6, Address(0, "backward", "relu", 1), "relu", 0, None, 7),
        Event(7, Address(0, "update", ""), "update", 0, None, 9),
        Event(8, Address(0, "update", "rnn.cell.W"), "rnn.cell.W", 1, 7, 9),
    )
    trace = Trace(0, 1.0, events)
    assert breadcrumb(events, 5) == "iteration 0 › backward › rnn › t=4 › cell › tanh"
    assert breadcrumb(events, 1) == "iteration 0 › forward › relu #2"
    for event in events:
        crumb = breadcrumb(events, event.index)
        for said in (crumb, crumb.replace("›", ">")):
            assert trace.find(Address.parse(said)) == event.index
    assert trace.find(Address.parse("0 backward rnn.cell.tanh t=4")) == 5
    said = [row(events, i, True, {}).text.strip() for i in range(9)]
    assert said[:4] == ["forward relu #1", "forward relu #2", "▾ backward rnn", "▾ t=4"]
    assert said[4:] == ["▾ cell", "tanh", "backward relu #2", "▾ update", "rnn.cell.W"]


def test_one_term_is_spoken_of_as_one() -> None:
    one = Sources(Place(0, "grad_weight", (0,)), 1.0, (Term(2.0, "2 * 1", ()),), 0.0, -1.0, "sum")
    assert heading(one).endswith(" = 1, its one term; but that is 2, 2 times what was recorded")
    assert "the sum of 2 terms, largest first; but they add up to 2" in heading(one._replace(terms=one.terms * 2))
    assert [plural(n, "loss is", "losses are") for n in (0, 1, 2)] == ["0 losses are", "1 loss is", "2 losses are"]
    with pytest.raises(MtorchError, match=r"no note 7; there is only 3$"):
        chosen("delete-note", "7", [3], "note")
    assert unknown("tensor", "x", []) == "no tensor is called 'x'; there is none"
