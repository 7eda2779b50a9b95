"""A recording that can't be run again is searched as far as it was kept whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mtorch import MtorchError, layers
from mtorch.debug.breakpoints import Breakpoint, Breakpoints, check
from mtorch.debug.hits import next_hit, previous_hit
from mtorch.debug.origins import born, last_change, next_change
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.window import Window
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from mtorch.debug.timeline import Position
from tests.mtorch.debug.recording.made import build, recorded
from tests.mtorch.debug.test_origins import Bad, stack

WEIGHT = "rnn.linear.weight"
RUN = Session(build(), 8)
ENDS = "only iterations 0…5, 9…11 were kept whole"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    path: Path = tmp_path_factory.mktemp("window") / "a.mtr"
    recording = recorded(path, 12, keep={0, 1, 2, 3, 4, 5, 9, 10, 11})
    yield Window(recording, "it is of a script")
    recording.close()


def breakpoints(text: str) -> list[Breakpoint]:
    made = Breakpoints()
    return [made.add(Breakpoint.parse(text))]


@pytest.mark.parametrize(
    "text",
    [
        f"watch {WEIGHT}[3,2]",
        f"watch {WEIGHT}[3,2] > {float(RUN.state(3).model[WEIGHT][3, 2]):.9g}",
        f"watch {WEIGHT}.norm",
        f"watch {WEIGHT}[3,2] * loss",
        "watch linear.bias.grad_norm",
        "break backward rnn.tanh t=1 if grad_input.norm > 0",
        "break update",
    ],
)
def test_hits_are_those_of_the_run_within_what_was_kept(window: Window, text: str) -> None:
    stops = breakpoints(text)
    check(stops[0], window, window.trace(0))
    at = Position(0, 0)
    while (there := next_hit(RUN, stops, at).position).iteration < 6:
        assert next_hit(window, stops, at).position == there
        assert previous_hit(window, stops, Position(6, 0)) is not None
        if at != Position(0, 0):
            assert previous_hit(window, stops, there).position == at  # type: ignore[union-attr]
        at = there
    with pytest.raises(MtorchError, match=f"^no hit after this: {ENDS}; .*it is of a script"):
        next_hit(window, breakpoints(text), Position(11, len(window.trace(11).events) - 1))


def test_what_was_not_kept_is_passed_over(window: Window) -> None:
    hit = next_hit(window, breakpoints("break update"), Position(5, len(window.trace(5).events) - 1))
    assert hit.position.iteration == 9
    back = previous_hit(window, breakpoints("break update"), Position(9, 0))
    assert back is not None
    assert back.position.iteration == 5


def test_what_no_update_shows_is_no_tensor_to_watch(window: Window) -> None:
    with pytest.raises(MtorchError, match="no tensor is called 'velocity'"):
        check(breakpoints("watch velocity[0] > 1")[0], window, window.trace(0))


@pytest.mark.parametrize("by", [0.0, 0.01, 9.0])
def test_changes_are_those_of_the_run(window: Window, by: float) -> None:
    for place in (Position(4, 3), Position(2, len(window.trace(2).events) - 1)):
        assert last_change(window, WEIGHT, (3, 2), place, by) == last_change(RUN, WEIGHT, (3, 2), place, by)
        assert next_change(window, WEIGHT, (), place, by, stop=6) == next_change(RUN, WEIGHT, (), place, by, stop=6)


def test_a_change_before_what_was_kept_is_not_denied(window: Window) -> None:
    with pytest.raises(MtorchError, match=f"^{ENDS}; iteration 8 cannot be run again: it is of a script"):
        last_change(window, WEIGHT, (3, 2), Position(10, 0), 9.0)


def test_all_finite_is_seen_in_what_was_kept(window: Window) -> None:
    assert born(window, Position(11, 0)) is None


@pytest.mark.parametrize("backward", [False, True])
def test_where_nan_was_born_is_found_in_what_was_kept(tmp_path: Path, backward: bool) -> None:
    run = stack(layers.Linear(3, 3), Bad(2, backward), layers.Linear(3, 3))
    with Writer(tmp_path / "a.mtr", {}) as writer, np.errstate(all="ignore"):
        Recorder(run.training, writer, keep=set(range(5))).run(5)
    recording = Recording(tmp_path / "a.mtr")
    at = born(Window(recording, "gone"), Position(4, 0))
    assert at is not None
    assert at == born(stack(layers.Linear(3, 3), Bad(2, backward), layers.Linear(3, 3)), Position(4, 0))
    recording.close()


def test_a_state_is_what_updates_began_and_ended_with(window: Window) -> None:
    for iteration in (0, 3, 6, 9, 12):
        state = window.state(iteration)
        np.testing.assert_array_equal(state.model[WEIGHT], RUN.state(iteration).model[WEIGHT])
    with pytest.raises(MtorchError, match=f"^{ENDS}; iteration 7 cannot"):
        window.state(7)
