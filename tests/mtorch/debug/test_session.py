from __future__ import annotations

import sys
import threading
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scenarios
from mtorch import SGD, Module, MtorchError, Sequential, SquareLoss, Training, layers
from mtorch.debug.events import Address, Trace
from mtorch.debug.session import Session, Stopped
from mtorch.debug.timeline import Position
from mtorch.training import State

SMALL = {"hidden": 4, "seq": 3, "batch": 4}


def session(name: str = "rnn-sin-cos", every: int = 8) -> Session:
    scenario = scenarios.find(name)
    small = SMALL if name.startswith(("rnn", "gru", "lstm")) else {}
    return Session(scenario.build(settings=small), every)


def fingerprint(trace: Trace) -> list[tuple[str, str, bytes]]:
    return [(str(e.address), name, array.tobytes()) for e in trace.events for name, array in e.tensors.items()]


EXACT = [n for n, s in scenarios.SCENARIOS.items() if "gallery" not in s.tags and n != "sick-gradients-not-reset"]


@pytest.mark.parametrize("name", EXACT)
def test_going_back_any_distance_shows_what_was_seen_first(name: str) -> None:
    run = session(name)
    seen = {i: fingerprint(run.trace(i)) for i in (0, 1, 3, 7, 8, 9, 30)}
    run.trace(80)
    for i in (30, 9, 8, 7, 3, 1, 0):
        run._traces.clear()
        assert fingerprint(run.trace(i)) == seen[i]


@cache
def straight() -> list[float]:
    """The losses of a run that went forwards only."""
    run = session()
    return [run.trace(i).loss for i in range(41)]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 20))
def test_an_iteration_is_the_same_however_one_comes_to_it(visits: list[int], every: int) -> None:
    run = session(every=every)
    assert [run.trace(i).loss for i in visits] == [straight()[i] for i in visits]
    assert run.losses == straight()[: max(visits) + 1]


def test_a_loss_is_kept_once_for_each_iteration() -> None:
    run = session()
    for i in (5, 2, 9, 0, 9):
        run.trace(i)
    assert len(run.losses) == 10


def test_a_run_that_is_stopped_is_as_usable_as_before() -> None:
    run = session()
    with pytest.raises(Stopped):
        run.trace(50, lambda iteration: iteration < 20)
    assert len(run.losses) == 20
    assert fingerprint(run.trace(50)) == fingerprint(session().trace(50))


def test_the_distance_is_what_must_run() -> None:
    run = session(every=8)
    assert run.distance(3) == 4
    run.trace(3)
    assert (run.distance(3), run.distance(4), run.distance(2)) == (0, 1, 3)
    run.trace(20)
    assert run.distance(17) == 2


def test_goto_finds_an_address_and_names_what_is_not_there() -> None:
    run = session()
    place = run.goto(Address(2, "backward", "rnn.tanh", 1))
    assert str(run.trace(2).events[place.event].address) == "2 backward rnn.tanh t=1"
    with pytest.raises(MtorchError, match="nothing at '2 backward rnn t=9'"):
        run.goto(Address(2, "backward", "rnn", 9))


def marks(run: Session, count: int) -> list[str]:
    found, position = [], Position(0, 0)
    for _ in range(count):
        position = run.next_finding(position)
        found.append(str(run.trace(position.iteration).events[position.event].address))
    return found


WALK = [
    "0 loss",
    "0 backward linear",
    "0 backward rnn",
    "0 backward rnn.linear t=2",
    "0 backward rnn.tanh t=1",
    "0 backward rnn.linear t=1",
    "0 backward rnn.tanh t=0",
    "0 backward rnn.linear t=0",
    "1 loss",
]


def test_the_next_finding_is_the_next_event_that_one_points_at() -> None:
    assert marks(session("rnn-sin-cos-seed"), 9) == WALK


def test_the_finding_before_is_found_back_over_iterations_to_the_start() -> None:
    run, found = session("rnn-sin-cos-seed"), []
    position: Position | None = Position(1, 2)
    while position := run.previous_finding(position):
        found.append(str(run.trace(position.iteration).events[position.event].address))
    assert found == WALK[-2::-1]


def test_a_healthy_run_has_no_next_finding() -> None:
    run = session()
    with pytest.raises(Stopped):
        run.next_finding(Position(0, 0), lambda iteration: iteration < 4)
    assert run.previous_finding(Position(3, 0)) is None


def test_not_checked_is_no_report() -> None:
    run = session()
    run.trace(0)
    assert run.known_report(0) is None
    assert run.known_report(0) is not run.report(0) is run.known_report(0)


def test_a_check_does_not_disturb_the_run() -> None:
    checked, plain = session(), session()
    for i in range(5):
        checked.report(i)
    assert fingerprint(checked.trace(9)) == fingerprint(plain.trace(9))


def test_checks_and_moves_may_come_from_two_threads() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so often that two traces do overlap
    run, alone = session(), session()
    thread = threading.Thread(target=lambda: [run.report(i) for i in range(4)])
    thread.start()
    seen = {i: fingerprint(run.trace(i)) for i in (11, 3, 17, 0)}
    thread.join()
    sys.setswitchinterval(usual)
    assert seen == {i: fingerprint(alone.trace(i)) for i in seen}
    assert np.isfinite(run.losses).all()


def test_a_training_that_is_no_function_of_state_and_number_is_noticed() -> None:
    class Forgetful(layers.Tanh):
        """Counts its calls where no state_dict can see it."""

        calls = 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return super().forward(x * self.calls)

    run = Session(scenarios.find("xor").build(), every=4)
    run.training.model.sequential.layers[1].__class__ = Forgetful
    run.trace(5)
    assert run.inexact is None
    run.seek(0)
    run.seek(2)
    assert run.inexact == 0
    assert session().inexact is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_optimiser_that_works_in_place_leaves_the_past_as_it_was(dtype: Any) -> None:
    class InPlace(SGD):
        def updated(self, path: str, parameter: Any, gradient: Any, lr: float) -> Any:
            parameter -= (lr * gradient).astype(parameter.dtype)
            return parameter

    run = Session(scenarios.find("xor").build().astype(dtype), every=4)
    run.training.optimizer.__class__ = InPlace
    run.seek(20)
    losses = [run.trace(n).loss for n in range(20)]
    for _ in range(3):
        run.seek(0)
        run._traces.clear()
        assert [run.trace(n).loss for n in range(20)] == losses
        assert run.report(5, exhaustive=True).trace.loss == pytest.approx(losses[5], rel=1e-5)
    assert run.inexact is None


def test_an_iteration_that_raises_leaves_no_half_of_it() -> None:
    run, plain = session(), session()
    backward = run.training.loss.backward_func

    def fails(grad_output: Any) -> Any:
        backward(grad_output)
        raise ValueError("half way")

    run.trace(1)
    run.training.loss.backward_func = fails
    with pytest.raises(ValueError, match="half way"):
        run.trace(2)
    run.training.loss.backward_func = backward
    assert fingerprint(run.trace(3)) == fingerprint(plain.trace(3))


class Doubtful(layers.Tanh):
    """Has another layer at work where numbers are doubles."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = layers.Tanh()

    def forward(self, x: Any) -> Any:
        return super().forward(self.inner.forward(x) if x.dtype == np.float64 else x)


class Ones:
    def batch(self, number: int) -> Any:
        return np.ones((2, 3), "f4"), np.ones((2, 3), "f4")


def test_an_iteration_that_has_other_events_in_double_precision_is_not_judged_by_them() -> None:
    module = Module(Sequential([layers.Linear(3, 3, rng=0), Doubtful()]))
    run = Session(Training(module, SquareLoss(module.backward), SGD(module, 0.1), Ones(), epoch=9))
    with pytest.raises(MtorchError, match="in double precision other layers are called than in the run itself"):
        run.report(0)
    assert run.known_report(0) is None


def test_a_visit_sees_the_state_at_the_start_of_each_iteration() -> None:
    run, seen = session(), {}

    def look(iteration: int, state: State) -> bool:
        seen[iteration] = state.model["linear.bias"].copy()
        return iteration == 12

    assert run.visit(5, 20, look) == 12
    assert sorted(seen) == list(range(5, 13))
    assert all((run.state(i).model["linear.bias"] == bias).all() for i, bias in seen.items())
    assert run.visit(0, 3, lambda iteration, state: False) is None
