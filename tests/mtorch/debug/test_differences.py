"""Two runs side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch import SGD, DataLoader, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.branches import BranchSession, parse_edits, parting
from mtorch.debug.differences import Difference, compare, milestones, same
from mtorch.debug.session import Session, Stopped

SMALL = {"hidden": 4, "seq": 3, "batch": 4}


def session(name: str = "rnn-sin-cos", seed: int = 0) -> Session:
    return Session(scenarios.find(name).build(seed, settings=SMALL if name.startswith("rnn") else {}), 8)


def stack(*inner: layers.Layer, dtype: Any = np.float32) -> Session:
    module = Module(Sequential(inner))
    rng = np.random.default_rng(0)
    data = DataLoader(rng.standard_normal((8, 3)), rng.standard_normal((8, 3)), 4)
    training = Training(module, SquareLoss(module.backward), SGD(module, 0.1), data)
    return Session(training if dtype == np.float32 else training.astype(dtype))


@pytest.mark.parametrize("name", [n for n, s in scenarios.SCENARIOS.items() if "gallery" not in s.tags])
def test_a_run_is_the_same_as_itself(name: str) -> None:
    found = compare(session(name), session(name), 0, 12)
    assert found.same
    assert [(d.iteration, d.parameters, d.loss_a == d.loss_b) for d in found.distances] == [
        (n, 0.0, True) for n in (0, 1, 4, 9, 11)
    ]


def first(a: Session, b: Session, stop: int = 5) -> Difference:
    found = compare(a, b, parting(a, b) if isinstance(b, BranchSession) else 0, stop)
    assert found.difference is not None
    assert not found.same
    return found.difference


def test_two_seeds_differ_in_the_first_forward_event() -> None:
    found = first(session(), session(seed=1))
    assert (found.iteration, found.address, found.tensor) == (0, "0 forward", "x")
    assert isinstance(found.a, float)
    assert isinstance(found.b, float)
    assert found.absolute == abs(found.a - found.b)


@pytest.mark.parametrize(
    ("edit", "address", "tensor", "index"),
    [
        ("linear.weight[2,0] = 0.5", "9 forward linear", "weight", (2, 0)),
        ("h0[1,2] = 2", "9 forward", "h0", (1, 2)),
        ("target[2,1,0] = 5", "9 loss", "target", (2, 1, 0)),
        ("lr = 1", "9 update rnn.linear.weight", "delta", None),
    ],
)
def test_a_branch_differs_where_it_was_edited(edit: str, address: str, tensor: str, index: Any) -> None:
    trunk = session()
    found = first(trunk, BranchSession(trunk, 9, parse_edits(edit)), 30)
    assert (found.iteration, found.address, found.tensor) == (9, address, tensor)
    assert index in (None, found.index)


def test_other_dtypes_and_other_layers_are_said() -> None:
    one = lambda *more, **options: stack(layers.Linear(3, 3, rng=0), *more, **options)  # noqa: E731
    found = first(one(), one(dtype=np.float64))
    assert (found.address, found.tensor, found.a, found.b) == ("0 forward", "input", "float32 4x3", "float64 4x3")
    found = first(one(layers.Tanh()), one(layers.Relu()))
    assert (found.address, found.tensor, found.a, found.b) == ("0 forward tanh", "input", "float32 4x3", None)
    found = first(one(), one(layers.Tanh()))
    assert (found.address, found.tensor, found.a, found.b) == ("0 forward tanh", "input", None, "float32 4x3")
    assert compare(one(), stack(layers.Linear(3, 3, rng=0), layers.Linear(3, 3)), 0, 2).distances[0].parameters is None


def test_a_state_that_no_event_shows_is_a_difference_too() -> None:
    a, b = (stack(layers.Linear(3, 3, rng=0)) for _ in range(2))
    b.training.model.layers()[1].buffers = {"hidden": np.array(1.0)}
    a.training.model.layers()[1].buffers = {"hidden": np.array(2.0)}
    a, b = Session(a.training), Session(b.training)
    assert first(a, b) == Difference(0, "0", "linear.hidden", (), 2.0, 1.0, 1.0, 0.5)


def test_nan_is_nan_and_far_from_any_number() -> None:
    a, b = np.array([1, np.nan], np.float32), np.array([1, -np.nan], np.float32)
    assert same(a, b)
    assert not same(a, a.astype(np.float64))
    assert not same(np.array([1.0, np.nan]), np.array([2.0, np.nan]))
    assert not same(np.array([0.0]), np.array([-0.0]))
    trunk = session()
    lost = [BranchSession(trunk, 3, parse_edits("rnn.linear.bias[0] = nan")) for _ in range(2)]
    assert compare(*lost, 3, 9).same
    found = compare(trunk, lost[0], 3, 9)
    assert found.difference is not None
    assert found.difference.absolute == found.difference.relative == np.inf
    assert found.distances[0].parameters == np.inf


def test_it_can_be_stopped_and_counts_as_it_should() -> None:
    with pytest.raises(Stopped):
        compare(session(), session(), 0, 50, lambda iteration: iteration < 7)
    assert sorted(milestones(50)) == [1, 2, 5, 10, 20, 50]
    assert sorted(milestones(123)) == [1, 2, 5, 10, 20, 50, 100, 123]
    assert milestones(1) == {1}


def test_an_event_that_changes_no_number_is_a_difference() -> None:
    linear, relu = (lambda: layers.Linear(3, 3, rng=0)), layers.Relu
    found = first(stack(linear(), relu()), stack(linear(), relu(), relu()))
    assert (found.iteration, found.address) == (0, "0 forward relu")
    assert (found.a is None) != (found.b is None)
