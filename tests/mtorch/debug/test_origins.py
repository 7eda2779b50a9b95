"""Where a number was changed, and where the first one that isn't finite was born."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scenarios
from mtorch import SGD, DataLoader, Module, MtorchError, Sequential, SquareLoss, Training, layers
from mtorch.debug.branches import BranchSession, parse_edits
from mtorch.debug.diagnosis.finite import not_finite
from mtorch.debug.origins import born, changed, last_change, next_change
from mtorch.debug.session import Session, Stopped
from mtorch.debug.timeline import Position

SMALL = {"hidden": 4, "seq": 3, "batch": 4}
PATH = "rnn.linear.weight"
RUN = Session(scenarios.find("rnn-sin-cos").build(settings=SMALL), 8)
BRANCH = BranchSession(RUN, 10, parse_edits(f"{PATH}[3,2] = 0.5"))


def place(run: Session, position: Position) -> str:
    return str(run.trace(position.iteration).events[position.event].address)


@settings(max_examples=40)
@given(st.integers(0, 25), st.sampled_from([0, 5, -1, -2, -3, -4]), st.sampled_from([0.0, 0.01, 0.03, 0.1, 9.0]))
def test_the_last_change_is_the_last_and_the_next_the_next(iteration: int, event: int, by: float) -> None:
    index = (3, 2)
    events = RUN.trace(iteration).events
    position = Position(iteration, event % len(events))
    numbers = [float(RUN.state(i).model[PATH][index]) for i in range(28)]
    update = next(e.index for e in events if str(e.address) == f"{iteration} update {PATH}")
    changes = [Position(i, update) for i in range(27) if abs(numbers[i + 1] - numbers[i]) > by]
    before, after = [c for c in changes if c < position], [c for c in changes if c > position]
    assert last_change(RUN, PATH, index, position, by) == (before[-1] if before else None)
    assert next_change(RUN, PATH, index, position, by, stop=27) == (after[0] if after else None)


def test_a_number_that_a_branch_set_was_changed_where_the_branch_begins() -> None:
    at = last_change(BRANCH, PATH, (3, 2), Position(10, 5))
    assert at == Position(10, 0)
    before = last_change(BRANCH, PATH, (3, 2), at)
    assert before is not None
    assert place(BRANCH, before) == f"9 update {PATH}"
    assert next_change(BRANCH, PATH, (3, 2), Position(5, 0), 0.3) == at
    other = last_change(BRANCH, PATH, (0, 0), Position(10, 5))
    assert other is not None
    assert place(BRANCH, other) == f"9 update {PATH}"


@pytest.mark.parametrize(
    ("path", "index", "said"),
    [
        ("rnn.linear.wieght", (0, 0), "did you mean 'rnn.linear.weight'"),
        (PATH, (9, 0), r"out of range: rnn.linear.weight has the shape \(5, 4\)"),
        (PATH, (1,), "expected 2 numbers"),
    ],
)
def test_what_is_not_there_is_said(path: str, index: tuple[int, ...], said: str) -> None:
    for move in (last_change, next_change):
        with pytest.raises(MtorchError, match=said):
            move(RUN, path, index, Position(3, 0))


def test_a_search_can_be_stopped() -> None:
    run = Session(scenarios.find("rnn-sin-cos").build(settings=SMALL), 8)
    run.trace(40)
    with pytest.raises(Stopped):
        last_change(run, PATH, (0, 0), Position(40, 0), 99.0, lambda iteration: iteration > 20)
    with pytest.raises(Stopped):
        next_change(run, PATH, (0, 0), Position(40, 0), 99.0, lambda iteration: iteration < 60)
    assert last_change(run, PATH, (0, 0), Position(40, 0)) is not None


def test_to_nan_and_from_it_is_a_change() -> None:
    nan, inf = float("nan"), float("inf")
    for old, new, said in [(nan, nan, False), (inf, inf, False), (nan, 1, True), (1, inf, True), (1, 2, False)]:
        assert changed(np.array(old), np.array(new), 1e9) == said


def test_without_an_index_a_change_of_any_number_is_one() -> None:
    steps = [np.abs(RUN.state(i + 1).model[PATH] - RUN.state(i).model[PATH]).max() for i in range(20)]
    largest = int(np.argmax(steps))
    least = sorted(map(float, steps))[-2]
    found = last_change(RUN, PATH, (), Position(20, 0), least)
    assert found is not None
    assert place(RUN, found) == f"{largest} update {PATH}"
    assert next_change(RUN, PATH, (), Position(0, 0), least) == found


class Bad(layers.Tanh):
    """Its output, or its gradient, is not finite once it has been called so often in training."""

    def __init__(self, call: int, backward: bool = False) -> None:
        super().__init__()
        self.name = "bad"
        self.call, self.in_backward = call, backward
        self.buffers = {"calls": np.array(0)}

    def forward(self, x: Any) -> Any:
        self.buffers["calls"] = self.buffers["calls"] + 1
        out = super().forward(x)
        return np.where(np.arange(out.size).reshape(out.shape) == 1, np.inf, out) if self.now(False) else out

    def backward(self, grad_output: Any) -> Any:
        out = super().backward(grad_output)
        return out * np.nan if self.now(True) else out

    def now(self, backward: bool) -> bool:
        return self.in_backward == backward and bool(self.buffers["calls"] == self.call + 1)


def stack(*inner: layers.Layer, inputs: Any = None) -> Session:
    module = Module(Sequential(inner))
    rng = np.random.default_rng(0)
    data = DataLoader(rng.standard_normal((8, 3)) if inputs is None else inputs, rng.standard_normal((8, 3)), 4)
    return Session(Training(module, SquareLoss(module.backward), SGD(module, 0.1), data), 4)


@pytest.mark.parametrize("call", [0, 1, 5, 8, 13])
@pytest.mark.parametrize("backward", [False, True])
def test_the_birth_of_the_first_number_that_is_not_finite_is_found(call: int, backward: bool) -> None:
    run = stack(layers.Linear(3, 3), Bad(call, backward), layers.Linear(3, 3))
    found = born(run, Position(20, 0))
    assert found is not None
    assert place(run, found) == f"{call} {'backward' if backward else 'forward'} bad"
    assert born(run, found) == found
    assert born(run, found._replace(event=found.event - 1)) is None
    assert born(run, Position(max(0, call - 1), 0)) is None


def test_what_came_in_from_outside_is_found_where_it_first_goes_into_a_layer() -> None:
    inputs = np.zeros((8, 3))
    inputs[:, 1] = np.nan
    run = stack(layers.Linear(3, 3), layers.Tanh(), inputs=inputs)
    found = born(run, Position(9, 0))
    assert found is not None
    assert place(run, found) == "0 forward linear"
    branch = BranchSession(RUN, 10, parse_edits("rnn.linear.bias[0] = nan"))
    there = born(branch, Position(13, 2))
    assert there is not None
    assert place(branch, there) == "10 forward rnn.linear t=0"
    assert born(branch, Position(9, 2)) is None
    for edit in ("rnn.linear.bias[0] = inf", "target[0,0,0] = nan"):  # seen while one stands where it was set, too
        assert (there := born(BranchSession(RUN, 10, parse_edits(edit)), Position(10, 0))) is not None
        assert there.iteration == 10


def test_an_overflow_in_a_layer_that_has_others_inside_is_its_own() -> None:
    big = np.full((8, 3), 3e38, np.float32)
    run = stack(layers.Residual(layers.Linear(3, 3)), layers.Linear(3, 3), inputs=big)
    run.training.model.layers()[2].parameters["weight"][:] = np.eye(3)
    run = Session(run.training)
    [finding] = not_finite(run.trace(0))
    assert (finding.path, finding.tensor) == ("residual", "output")


class Hands(layers.Layer):
    """Hands an infinity of its own on to the layer inside."""

    name = "hands"

    def __init__(self) -> None:
        super().__init__()
        self.inner = layers.Linear(3, 3)

    def children(self) -> Any:
        return [self.inner]

    def forward(self, x: Any) -> Any:
        return self.inner.forward(x / np.float32(0))

    def backward(self, grad_output: Any) -> Any:
        return self.inner.backward(grad_output)


def test_a_layer_that_makes_it_between_the_layers_inside_is_to_blame_for_it() -> None:
    module = Module(Sequential([layers.Linear(3, 3), Hands()]))
    loader = DataLoader(np.ones((4, 3), "f4"), np.zeros((4, 3), "f4"), 4)
    run = Session(Training(module, SquareLoss(module.backward), SGD(module, 0.01), loader))
    found = born(run, Position(2))
    assert found is not None and place(run, found) == "0 forward hands"
    assert "hands's output in forward is the first tensor" in not_finite(run.trace(0))[0].message
