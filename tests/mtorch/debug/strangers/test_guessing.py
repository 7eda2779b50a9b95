"""Losses that are guessed, weight decay, and one look: what is right is seen to be, what is wrong never."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch.debug.events import Call
from mtorch.debug.glance import confirmed
from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.guessing import as_targets, guessed, losses, rated
from mtorch.debug.strangers.leaves import Hole
from mtorch.debug.strangers.penalties import parts
from mtorch.debug.strangers.stranger import Backward, Forward, Parameter, Stranger

rng = np.random.default_rng(0)
ONE = np.array(1.0)
X, T = rng.normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]


class Net:
    def __init__(self) -> None:
        self.w, self.b = rng.normal(size=(3, 2)), np.zeros(2)

    def forward(self, x: Any) -> Any:
        return x @ self.w + self.b


def call(w: Any, b: Any, grad_output: Any = ONE, unknown: bool = False) -> Call:
    net = Net()
    owned = tuple(Parameter(n, (("attr", n),), lr=1.0 if unknown else None, unknown=unknown) for n in "wb")
    forward = Forward("forward", ((Hole(0),), {}), {"x": 0}, {})
    layer = Stranger(net, forward, Backward("backward", ((), {}), ()), owned, Chance(Net))
    z = net.forward(X)
    gradients = {"w": w(z), "b": b(z)}
    return Call(layer, (X,), grad_output, gradients, {n: f"grad_{n}" for n in "wb"}, (), True, 1e-5, 1e-4)


def deltas(name: str) -> Any:
    softmax = lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)  # noqa: E731
    return {
        "squares": lambda z: z - T,
        "cross-entropy of a softmax": lambda z: softmax(z) - T,
        "binary cross-entropy of a sigmoid": lambda z: 1 / (1 + np.exp(-z)) - T,
        "absolute differences": lambda z: np.sign(z - T),
    }[name]


NAMES = ["squares", "cross-entropy of a softmax", "binary cross-entropy of a sigmoid", "absolute differences"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [1.0, -0.2])
@pytest.mark.parametrize("target", [T, T.argmax(1)])
def test_a_loss_is_known_by_a_gradient_that_is_its_derivative(name: str, scale: float, target: Any) -> None:
    delta = deltas(name)
    wrong = call(lambda z: scale * X.T @ delta(z), lambda z: scale * delta(z).mean(0) ** 2 + 1)
    with np.errstate(all="ignore"):
        found = guessed(wrong, [*losses(np.ones((5, 2)), [target])])
    assert found is not None
    assert found.layer.call.loss.name == name
    assert found.layer.call.loss.scale == pytest.approx(scale)


def test_no_loss_is_guessed_where_no_gradient_is_a_derivative() -> None:
    wrong = call(lambda z: X.T @ (z - T) ** 2, lambda z: (z**3).sum(0))
    with np.errstate(all="ignore"):
        assert guessed(wrong, [*losses(np.ones((5, 2)), [T])]) is None


def test_classes_are_rows_or_columns() -> None:
    assert [found.shape for found in as_targets(np.ones((5, 2)), np.array([0, 1, 1, 0, 1]))] == [(5, 2)]
    assert [found.shape for found in as_targets(np.ones((2, 5)), np.array([0, 1, 1, 0, 1]))] == [(2, 5)]
    assert not [*as_targets(np.ones((5, 2)), np.array([0, 1, 2, 0, 1]))]


def test_a_rate_is_what_the_updates_have_in_common() -> None:
    g = rng.normal(size=(5, 2))
    found = rated(call(lambda z: 0.05 * X.T @ g, lambda z: 0.05 * g.sum(0), g, unknown=True))
    assert found is not None
    assert np.allclose(found.gradients["w"], X.T @ g)
    assert [p.lr for p in found.layer.owned] == pytest.approx([0.05, 0.05])
    assert rated(call(lambda z: X.T @ g**2, lambda z: (g**2).sum(0), g, unknown=True)) is None


@pytest.mark.parametrize("share", [0.01, -0.01])
def test_a_penalty_is_a_positive_share_of_the_parameter(share: float) -> None:
    g = rng.normal(size=(5, 2))
    decayed = call(lambda z: X.T @ g, lambda z: g.sum(0), g)
    w = decayed.layer.target.w
    decayed = Call(**{**vars(decayed), "gradients": {"w": X.T @ g + share * w, "b": g.sum(0)}})
    found = parts(decayed, "w", w)
    assert (found == pytest.approx((1.0, share))) if share > 0 else found is None
    assert parts(Call(**{**vars(decayed), "gradients": {"w": X.T @ g + share * w**2}}), "w", w) is None


class Real(Net):
    def forward(self, x: Any) -> Any:
        return np.asarray(super().forward(x)).real


@pytest.mark.parametrize("cls", [Net, Real])
@pytest.mark.parametrize("off", [0.0, 1e-3])
def test_one_look_finds_right_what_is_and_nothing_else(cls: type, off: float) -> None:
    g = rng.normal(size=(5, 2))
    seen = call(lambda z: X.T @ g, lambda z: g.sum(0) * (1 + off), g)
    seen.layer.target.__class__ = cls
    assert (confirmed(seen) is None) == bool(off)


def test_a_forward_that_drops_imaginary_numbers_hides_nothing() -> None:
    class Dropping(Net):
        def forward(self, x: Any) -> Any:
            return x @ self.w + self.b + np.real(x @ self.w)

    g = rng.normal(size=(5, 2))
    seen = call(lambda z: X.T @ g, lambda z: g.sum(0), g)
    seen.layer.target.__class__ = Dropping
    assert confirmed(seen) is None


class Halves(Net):
    """Two classes' probabilities, 1/2 each where its parameters are zero, as in the beginning."""

    def __init__(self) -> None:
        self.w, self.b = np.zeros((3, 2)), np.zeros(2)

    def forward(self, x: Any) -> Any:
        self.x = x
        e = np.exp(x @ self.w + self.b)
        self.p = e / e.sum(1, keepdims=True)
        return self.p

    def backward(self) -> None:
        self.db = self.p.sum(0) - T.sum(0)
        self.dw = self.x.T @ (self.p - T) + 0.3


def test_a_loss_that_is_another_s_double_at_these_numbers_is_tried_at_others() -> None:
    net = Halves()
    net.forward(X)
    net.backward()
    owned = tuple(Parameter(n, (("attr", n),), (("attr", f"d{n}"),)) for n in "wb")
    forward = Forward("forward", ((Hole(0),), {}), {"x": 0}, {})
    layer = Stranger(net, forward, Backward("backward", ((), {}), ()), owned, Chance(Halves))
    seen = Call(layer, (X,), ONE, {"w": net.dw, "b": net.db}, {n: f"grad_{n}" for n in "wb"}, (), True, 1e-5, 1e-4)
    with np.errstate(all="ignore"):
        assert guessed(seen, [loss for loss in losses(net.p, [T]) if loss.name == "squares"]) is None
        found = guessed(seen, [*losses(net.p, [T])])
    assert found is not None
    assert found.layer.call.loss.name == "cross-entropy"
