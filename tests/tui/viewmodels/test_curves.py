"""Curves as numbers: how many points, from where to where, of what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scenarios
from mtorch.debug.session import Session
from tui.viewmodels.curves import Plot, decimated, plots, title
from tui.viewmodels.scene import Scene

SMALL = {"hidden": 3, "seq": 5, "batch": 4}


@pytest.fixture(scope="module")
def waves() -> Scene:
    session = Session(scenarios.find("rnn-sin-cos").build(settings=SMALL))
    trace = session.trace(3)
    return Scene(trace, 0, tensor="output", cell=(2, 1, 0), losses=session.losses)


def test_of_many_points_each_columns_extremes_are_kept() -> None:
    y = np.sin(np.arange(1000) / 50)
    y[[123, 456]] = 9, -9
    x, kept = decimated(np.arange(1000), y, 40)
    assert len(x) <= 80 and {9, -9} <= set(kept.tolist()) and (np.diff(x) > 0).all()
    assert np.array_equal(y[x], kept)
    few = decimated(np.arange(4), np.array([1.0, np.nan, 2.0, np.inf]), 40)
    assert [part.tolist() for part in few] == [[0, 2], [1.0, 2.0]]


def test_the_loss_is_marked_at_this_iteration_and_says_what_is_not_finite(waves: Scene) -> None:
    loss, *_ = plots(waves, 40)
    assert loss.at == 3 and loss.x == (0, 3) and loss.curves[0].y.tolist() == list(waves.losses)
    assert loss.caption.endswith("in iteration 3")
    lost = plots(replace(waves, losses=[1.0, np.nan, 1.0, np.inf]), 40)[0]
    assert lost.caption.endswith("2 not finite") and lost.y == (0.0, 2.0), "there is room around it"
    assert plots(replace(waves, losses=()), 40)[0].y == (-0.05, 1.05)
    single = plots(replace(waves, losses=[0.5]), 40)[0]
    assert (single.x, single.ticks, single.at) == ((-1, 1), [0], None), "a point, with no line through it"


def test_the_chosen_samples_waves_show_at_forwards_and_the_loss(waves: Scene) -> None:
    _, course = plots(waves, 40)
    output = waves.event.tensors["output"]
    assert [curve.mark for curve in course.curves] == ["i", "t", "o"] and course.x == (0, 4)
    assert course.curves[2].y.tolist() == output[:, 1, 0].tolist() and course.at is None
    assert course.caption == "sample 1 in time: i input, t target, o output"
    step = next(e.index for e in waves.trace.events if str(e.address) == "3 forward rnn.tanh t=2")
    assert plots(replace(waves, index=step), 40)[1].at == 2
    backward = next(e.index for e in waves.trace.events if e.address.phase == "backward")
    assert len(plots(replace(waves, index=backward), 40)) == 1


def test_what_is_watched_has_a_plot_of_its_own(waves: Scene) -> None:
    *_, norm = plots(replace(waves, watched={"linear.weight.grad_norm": np.arange(4.0)}), 40)
    assert norm.caption == "linear.weight.grad_norm 3 in iteration 3" and norm.y == pytest.approx((-0.15, 3.15))


@pytest.mark.parametrize(
    ("length", "ticks"), [(0, [0]), (1, [0]), (2, [0, 1]), (7, [0, 2, 4, 6]), (52, [0, 10, 20, 30, 40, 50])]
)
def test_axes_have_a_few_whole_numbers(length: int, ticks: list[int]) -> None:
    assert Plot("", (), length).ticks == ticks


def test_the_title_names_what_there_is_to_scroll_to(waves: Scene) -> None:
    watched = {"linear.weight.grad_norm": np.arange(4.0), "rnn.linear.weight[0,0]": None}
    assert title(replace(waves, watched=watched)) == (
        "curves to iteration 3: loss ↓ sample in time ↓ linear.weight.grad_norm ↓ rnn.linear.weight[0,0] (not recorded)"
    )
    assert len(plots(replace(waves, watched=watched), 40)) == 3


def test_classes_are_no_curves_in_time() -> None:
    trace = Session(scenarios.find("char-rnn").build(settings=SMALL)).trace(0)
    assert len(plots(Scene(trace, 0, losses=[1.0]), 40)) == 1
