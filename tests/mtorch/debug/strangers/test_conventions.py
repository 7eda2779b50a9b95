"""Right programs of other conventions draw no error; what only looks like one of these does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mtorch.debug.report import Report
from mtorch.debug.strangers.conventions import Ways, examined
from mtorch.debug.strangers.instruments import Instruments, names_of
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly


def reports(work: Callable[[], None], *classes: type) -> list[Report]:
    """What is found of the iterations of some work with layers of these classes."""
    found: list[Report] = []
    ways: Ways = {}

    def over(trace: Any, state: Any) -> None:
        with quietly(*classes):
            found.append(examined(trace, ways=ways))

    observer = Observer(over)
    with Instruments(observer, "") as instruments:
        for cls in classes:
            names = names_of(cls)
            assert names is not None
            instruments.attach(cls, names)
        work()
        observer.end()
    assert not observer.broken, observer.broken
    assert found
    return found


def said(found: list[Report]) -> set[tuple[str, str, str]]:
    return {(f.severity, f.tensor, f.cause) for report in found for f in report.findings}


rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
Y = np.sin(X[:, :2])


class Dense:
    rate: float = 0.01
    of_bias: float = 0.01

    def __init__(self) -> None:
        self.W, self.b, self.lr = rng.normal(size=(3, 2)), np.zeros(2), self.rate

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, error: Any) -> Any:
        back = error @ self.W.T
        self.W = self.W + self.lr * (self.x.T @ error)
        self.b = self.b + self.lr * error.sum(0)
        return back


class OfTwoRates(Dense):
    def __init__(self) -> None:
        super().__init__()
        del self.lr

    def backward(self, error: Any) -> Any:
        self.W = self.W - 0.01 * (self.x.T @ error)
        self.b = self.b - 0.001 * error.sum(0)
        return error @ (self.W + 0.01 * (self.x.T @ error)).T


class HalfTurned(Dense):
    def backward(self, error: Any) -> Any:
        self.b = self.b - 2 * self.lr * error.sum(0)
        return super().backward(error)


HANDED: dict[str, Callable[[Any], Any]] = {
    "target - output": lambda out: Y - out,
    "the mean of that": lambda out: (Y - out) / len(Y),
    "output - target": lambda out: out - Y,
    "what is nowhere": lambda out: 1.7 * Y - out,
}
SIGNS = {("W", "wrong-sign"), ("b", "wrong-sign")}


@pytest.mark.parametrize("cls", [Dense, HalfTurned, OfTwoRates])
@pytest.mark.parametrize(("handed", "severity"), [*zip(HANDED, ("info", "info", "error", "warning"), strict=True)])
def test_two_signs_cancel_out_where_what_is_handed_is_target_minus_output(
    cls: type[Dense], handed: str, severity: str
) -> None:
    def work() -> None:
        layer = cls()
        for _ in range(2):
            layer.backward(HANDED[handed](layer.forward(X)))

    found = said(reports(work, cls))
    both = {(severity, "grad_W", "wrong-sign"), (severity, "grad_b", "wrong-sign")}
    expected = {Dense: both, HalfTurned: {("error", "grad_W", "wrong-sign")}, OfTwoRates: set()}
    assert found == expected[cls]


class Squares:
    def forward(self, y: Any, t: Any) -> Any:
        self.y, self.t = y, t
        return 0.5 * ((y - t) ** 2).sum()

    def backward(self) -> Any:
        return self.t - self.y


class Kept(Dense):
    def backward(self, error: Any) -> Any:
        self.dW, self.db = self.x.T @ error, error.sum(0)
        return error @ self.W.T


@pytest.mark.parametrize(("way", "severity"), [(1, "info"), (-1, "error")])
def test_a_loss_may_give_the_way_down_where_that_is_added(way: int, severity: str) -> None:
    def work() -> None:
        layer, loss = Kept(), Squares()
        speed = 0.0
        for _ in range(4):
            loss.forward(layer.forward(X), Y)
            layer.backward(loss.backward())
            speed = 0.9 * speed + way * 0.2 * layer.dW
            layer.W, layer.b = layer.W + speed, layer.b + way * 0.01 * layer.db

    assert said(reports(work, Kept, Squares)) == {(severity, "grad_y", "wrong-sign")}


class Perceptron(Kept):
    def forward(self, x: Any) -> Any:
        return np.where(super().forward(x) > 0, 1.0, 0.0)


class Dead(Kept):
    def forward(self, x: Any) -> Any:
        return np.maximum(super().forward(x) - 100, 0)


@pytest.mark.parametrize(("cls", "severity"), [(Perceptron, "info"), (Dead, "error")])
def test_a_step_has_no_slope_to_compare_a_rule_with(cls: type[Kept], severity: str) -> None:
    def work() -> None:
        layer = cls()
        layer.backward(layer.forward(X) - Y)

    assert {found[0] for found in said(reports(work, cls))} == {severity}


class OfOne(Dense):
    """Right for a batch of one alone."""

    def backward(self, error: Any) -> Any:
        self.dW, self.db = self.x.T @ error, error[0]
        return error @ self.W.T


class Zero(Dense):
    """Wrong, but for a bias of zero."""

    def backward(self, error: Any) -> Any:
        self.dW, self.db = self.x.T @ error, error.sum(0) * (1 + self.b)
        return error @ self.W.T


class Row(Dense):
    """Its bias has the shape of its output: it can't have more samples than one."""

    def __init__(self) -> None:
        super().__init__()
        self.b = np.zeros((1, 2))

    def backward(self, error: Any) -> Any:
        self.dW, self.db = self.x.T @ error, error
        return error @ self.W.T


@pytest.mark.parametrize(("cls", "expected"), [(OfOne, {"warning"}), (Zero, {"error"}), (Row, set()), (Kept, set())])
def test_what_a_batch_of_one_hides_is_a_warning(cls: type[Dense], expected: set[str]) -> None:
    def work() -> None:
        layer = cls()
        layer.backward(layer.forward(X[:1]) - Y[:1])

    found = said(reports(work, cls))
    assert {severity for severity, _, _ in found} == expected
    assert {tensor for _, tensor, _ in found} <= {"grad_b"}
