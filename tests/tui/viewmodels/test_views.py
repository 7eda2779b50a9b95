"""Each view as text, of a run whose faults are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scenarios
from mtorch.debug.session import Session
from tests.tui.goldens import same
from tui.viewmodels.bars import bar, decades
from tui.viewmodels.lines import text
from tui.viewmodels.scene import Scene
from tui.viewmodels.views import VIEWS, histogram, network, parameters


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The seed's recurrent network, at the backward of its tanh at t=8."""
    session = Session(scenarios.find("rnn-sin-cos-seed").build())
    trace, report = session.trace(0), session.report(0)
    index = next(e.index for e in trace.events if str(e.address) == "0 backward rnn.tanh t=8")
    state = session.known_state(0)
    assert state is not None
    return Scene(trace, index, report, "grad_input", (0, 0), session.losses, state.optimizer)


DRAWN = [digit for digit, view in VIEWS.items() if view.lines is not None]


@pytest.mark.parametrize("digit", DRAWN)
@pytest.mark.parametrize("size", [(48, 12), (98, 20), (110, 40)])
def test_every_view_says_what_it_said(scene: Scene, digit: str, size: tuple[int, int]) -> None:
    view = VIEWS[digit]
    lines = view.lines(scene, *size)
    assert all(sum(len(part.text) for part in parts) <= size[0] for parts in lines)
    same(f"{view.name}-{size[0]}x{size[1]}", f"{view.title(scene)}\n{text(lines)}")


@pytest.mark.parametrize("digit", DRAWN)
def test_every_view_has_words_for_an_event_without_anything(scene: Scene, digit: str) -> None:
    bare = replace(scene.trace, events=(replace(scene.trace.events[0], tensors={}, equations=(), end=1),))
    empty = Scene(bare, 0)
    assert text(VIEWS[digit].lines(empty, 40, 10)).strip()


def test_nothing_is_called_right_that_was_not_checked(scene: Scene) -> None:
    network = VIEWS["3"]
    rows = text(network.lines(replace(scene, report=None), 60, 20)).split("\n")[:-1]
    assert not any(mark in row for row in rows for mark in "✓✗")


def test_bars_are_logarithmic() -> None:
    assert decades([0.02, 30, 0, np.inf, np.nan]) == (-2, 2)
    assert bar(1.0, (-2, 2), 8) == "████    " and bar(100.0, (-2, 2), 8) == "████████"
    assert bar(0.0, (-2, 2), 8) == " " * 8 and bar(np.inf, (-2, 2), 4) == "????"
    assert bar(1e-9, (-2, 2), 8).strip(), "what isn't nothing shows"


def test_a_histogram_counts_every_finite_number_of_what_it_looks_at() -> None:
    array = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, np.nan, np.inf])
    found = histogram.spread(array, 5)
    assert found is not None
    assert found.counts.tolist() == [1, 1, 1, 1, 1] and (found.size, found.lost) == (7, 2)
    assert found.middles.tolist() == [-1, -0.5, 0, 0.5, 1]
    skew = histogram.spread(np.array([-9.0, -4.0, 0.1, 0.3]), 7)
    assert skew is not None and skew.counts.sum() == 4 and len(skew.counts) <= 7
    assert (skew.middles.min(), skew.middles.max()) == (-9, 0), "no label is beyond what there is"
    for odd in ([1.0, np.nextafter(1.0, 2.0)], [-5e-324, 5e-324], [-1e308, 1e308]):
        assert histogram.spread(np.array(odd)).counts.sum() == 2  # type: ignore[union-attr]
    large = histogram.spread(np.zeros((400, 400)))
    assert large is not None and large.counts.sum() == large.seen == 53334 and large.size == 160000
    assert histogram.spread(np.array([np.nan])) is None
    for pair in ([1.0, np.nextafter(1.0, 2)], [1e17, 1e17], [-1.7e308, 1.7e308], [0.0, 5e-324]):
        near = histogram.spread(np.array(pair))
        assert near is not None and near.counts.sum() == 2 and np.isfinite(near.middles).all()


def test_a_norm_that_is_no_number_is_not_taken_for_none() -> None:
    training = scenarios.find("rnn-sin-cos").build(settings={"hidden": 4, "seq": 3, "batch": 4})
    training.model.sequential.layers[0].linear.parameters["weight"][0, 0] = np.nan
    session = Session(training)
    trace = session.trace(0)
    rnn, linear = (row for row in network.layers(trace) if row.path in ("rnn", "rnn.linear"))
    assert all(np.isnan(norm) for row in (rnn, linear) for norm in row.norms if norm is not None)
    scene = Scene(trace, 0, losses=session.losses)
    assert "?NaN" in text(network.lines(scene, 98, 20)).split("\n")[1]
    assert "?NaN" in text(VIEWS["4"].lines(scene, 98, 20)).split("\n")[1]
    (row,) = (row for row in parameters.updates(trace) if row.path == "rnn.linear.weight")
    assert row.ratio is not None and np.isnan(row.ratio) and parameters.told(row.ratio) == "?NaN"
    assert (network.Row("x").norms, parameters.told(None)) == ((None, None), "-")
