"""Right layers in the styles that people write them in draw no finding; wrong sums of right parts do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.report import Report
from mtorch.debug.session import Session

RNG = np.random.default_rng(0)
Function = Callable[[Any], Any]


class Fixed:
    """One batch, over and over."""

    def __init__(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        self.inputs, self.targets = inputs, targets

    def batch(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        return self.inputs, self.targets


def training(*inner: layers.Layer, zeros: int = 0, loss: Any = SquareLoss, scale: float = 1.0) -> Training:
    x = scale * RNG.standard_normal((6, 4))
    x.flat[:zeros] = 0
    module = Module(Sequential(inner))
    return Training(module, loss(module.backward), SGD(module, 0.01), Fixed(x, RNG.standard_normal((6, 4))))


def report(*inner: layers.Layer, exhaustive: bool = False, **options: Any) -> Report:
    return Session(training(*inner, **options)).report(0, exhaustive=exhaustive)


class Elementwise(layers.Layer):
    """A function and its derivative, both of what forward saw."""

    def __init__(self, function: Function, slope: Function) -> None:
        super().__init__("mine")
        self.function, self.slope = function, slope

    def forward(self, x: Any) -> Any:
        self.save(x)
        return self.function(x)

    def backward(self, grad_output: Any) -> Any:
        (x,) = self.take()
        return grad_output * self.slope(x)


def filled_relu(x: Any) -> Any:
    y = np.array(x)
    y[y < 0] = 0
    return y


def in_float32(x: Any) -> Any:
    return np.tanh(np.asarray(x, np.float32)).astype(np.float64)


def step(x: Any) -> Any:
    return (np.real(x) > 0).astype(float)


RIGHT: dict[str, tuple[Function, Function]] = {
    "maximum": (lambda x: np.maximum(x, 0), step),
    "times a mask": (lambda x: x * (x > 0), step),
    "where": (lambda x: np.where(x > 0, x, 0), step),
    "filled": (filled_relu, step),
    "by abs": (lambda x: 0.55 * x + 0.45 * np.abs(x), lambda x: 0.55 + 0.45 * np.sign(x)),
    "stable softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), lambda x: 1 / (1 + np.exp(-x))),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "softsign far up": (lambda x: 1e5 + x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "in float32": (in_float32, lambda x: 1 - np.tanh(x) ** 2),
}


@pytest.mark.parametrize("exhaustive", [False, True])
@pytest.mark.parametrize("zeros", [0, 3])
@pytest.mark.parametrize("scale", [1.0, 12.0])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_function_is_no_false_alarm(name: str, scale: float, zeros: int, exhaustive: bool) -> None:
    inner = Elementwise(*RIGHT[name]), layers.Linear(4, 4, dtype=float)
    assert report(*inner, zeros=zeros, scale=scale, exhaustive=exhaustive).findings == ()


@pytest.mark.parametrize("name", RIGHT)
def test_the_same_functions_are_found_when_they_are_wrong(name: str) -> None:
    function, slope = RIGHT[name]
    found = report(Elementwise(function, lambda x: 1.5 * slope(x)), layers.Linear(4, 4, dtype=float)).findings
    assert [(f.path, f.tensor) for f in found] == [("mine", "grad_input")]


class Normal(layers.Layer):
    """Layer norm by np.var, which of complex numbers takes absolute values."""

    def forward(self, x: Any) -> Any:
        std = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        y = (x - x.mean(-1, keepdims=True)) / std
        self.save(y, std)
        return y

    def backward(self, grad_output: Any) -> Any:
        y, std = self.take()
        mean, along = (v.mean(-1, keepdims=True) for v in (grad_output, grad_output * y))
        return (grad_output - mean - y * along) / std


class OwnDropout(layers.Layer):
    """Keeps its generator in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def forward(self, x: Any) -> Any:
        mask = (self.rng.random(x.shape) > 0.5) * 2.0
        self.save(mask)
        return x * mask

    def backward(self, grad_output: Any) -> Any:
        (mask,) = self.take()
        return grad_output * mask


class Shifting(layers.Linear):
    """Changes its input in place."""

    def forward(self, x: Any) -> Any:
        x -= 0.5
        return super().forward(x)


class Fused(layers.Linear):
    """tanh inside, and a backward that works in the gradient that it was given."""

    def forward(self, x: Any) -> Any:
        y = np.tanh(super().forward(x))
        self.y = y
        return y

    def backward(self, grad_output: Any) -> Any:
        grad_output *= 1 - self.y * self.y
        return super().backward(grad_output)


class HoldsNumpy(layers.Tanh):
    def __init__(self) -> None:
        super().__init__()
        self.xp = np


class GivesNothing(layers.Linear):
    """A first layer, whose input gradient nobody asks for."""

    def backward(self, grad_output: Any) -> Any:
        super().backward(grad_output)


class TwoArguments(layers.Layer):
    """Its inner layer takes two arrays."""

    class Add(layers.Layer):
        grad_input_names = ("grad_a", "grad_b")
        input_names = ("a", "b")

        def forward(self, a: Any, b: Any) -> Any:  # type: ignore[override]
            self.save(a, b)
            return a * b

        def backward(self, grad_output: Any) -> Any:
            a, b = self.take()
            return grad_output * b, grad_output * a

    def __init__(self) -> None:
        super().__init__()
        self.add = self.Add()

    def forward(self, x: Any) -> Any:
        return self.add.forward(x, 2 * x)

    def backward(self, grad_output: Any) -> Any:
        a, b = self.add.backward(grad_output)
        return a + 2 * b


@pytest.mark.parametrize(
    "layer",
    [
        Normal(),
        OwnDropout(),
        Shifting(4, 4, dtype=float),
        Fused(4, 4, dtype=float),
        HoldsNumpy(),
        GivesNothing(4, 4, dtype=float),
        TwoArguments(),
    ],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("exhaustive", [False, True])
def test_a_right_layer_of_any_style_is_no_false_alarm(layer: layers.Layer, exhaustive: bool) -> None:
    found = report(layer, layers.Linear(4, 4, dtype=float), exhaustive=exhaustive)
    assert found.findings == ()
    assert any(check.ok for check in found.checks)


def test_a_forward_that_gives_another_output_each_time_is_not_judged() -> None:
    class Noisy(layers.Layer):
        def forward(self, x: Any) -> Any:
            self.save(noise := np.random.default_rng().standard_normal(x.shape))
            return x * noise

        def backward(self, grad_output: Any) -> Any:
            (noise,) = self.take()
            return grad_output * noise

    checks = report(Noisy(), layers.Linear(4, 4, dtype=float)).checks
    assert [(c.ok, c.method) for c in checks if c.path == "noisy"] == [
        (None, "not checked: forward gives another output each time")
    ]
    assert all(check.ok is not False for check in checks)


class Replacing(layers.Linear):
    """Each backward forgets the gradients of those before it."""

    def backward(self, grad_output: Any) -> Any:
        self.gradients = {}
        return super().backward(grad_output)


def test_a_layer_used_twice_that_replaces_its_gradients_loses_one() -> None:
    shared = Replacing(4, 4, dtype=float, name="shared")
    found = report(shared, layers.Tanh(), shared).findings
    assert [(f.cause, f.path, f.tensor) for f in found] == [
        ("missing-accumulation", "shared", "grad_weight"),
        ("missing-accumulation", "shared", "grad_bias"),
    ]
    assert found[0].evidence == {"is_call": 2, "calls": 2}


@pytest.mark.parametrize(("factor", "cause"), [(2, "double-accumulation"), (7, "wrong-scale"), (-1, "wrong-sign")])
def test_an_outer_layer_that_changes_its_inner_one_s_gradients_is_found(factor: int, cause: str) -> None:
    class Outer(layers.Sequential):
        def backward(self, grad_output: Any) -> Any:
            out = super().backward(grad_output)
            self.layers[0].gradients["weight"] = factor * self.layers[0].gradients["weight"]
            return out

    (found,) = report(Outer([layers.Linear(4, 4, dtype=float, name="inner")])).findings
    assert (found.cause, found.path.rpartition(".")[2], found.tensor) == (cause, "inner", "grad_weight")


class OwnWay(layers.Layer):
    """Trains a layer inside it without calling that one's backward."""

    def __init__(self, factor: float) -> None:
        super().__init__("outer")
        self.inner, self.factor = layers.Linear(4, 4, dtype=float), factor

    def forward(self, x: Any) -> Any:
        self.save(x)
        return self.inner(x)

    def backward(self, grad_output: Any) -> Any:
        (x,) = self.take()
        self.inner.accumulate(weight=self.factor * (x.T @ grad_output), bias=grad_output.sum(axis=0))
        return grad_output @ self.inner.parameters["weight"].T


def test_gradients_that_come_another_way_are_right_or_wrong_by_the_whole_network() -> None:
    assert report(OwnWay(1.0)).findings == ()
    (found,) = report(OwnWay(-3.0)).findings
    assert (found.cause, found.path, found.tensor) == ("wrong-scale", "outer.linear", "grad_weight")
    assert found.evidence == {"constant": "-3"}


def test_a_loss_with_a_wrong_gradient_is_found() -> None:
    class Backwards(SquareLoss):
        def each(self, outputs: Any, targets: Any) -> Any:
            losses, gradient = super().each(outputs, targets)
            return losses, -gradient

    (found,) = report(layers.Linear(4, 4, dtype=float), loss=Backwards).findings
    assert (found.cause, found.path, found.tensor) == ("wrong-sign", "loss", "grad_output")


def test_what_is_not_finite_is_named_where_it_began() -> None:
    def broken(x: Any) -> Any:
        y = np.array(x)
        y[0, 1] = np.nan
        return y

    inner = layers.Linear(4, 4, dtype=float), Elementwise(broken, np.ones_like), layers.Tanh()
    found = report(*inner)
    assert not found.ok
    assert (found.findings[0].cause, found.findings[0].path) == ("non-finite", "mine")
    assert found.findings[0].evidence == {"nan": 1, "inf": 0}


def test_a_right_parameter_is_not_blamed_for_a_wrong_layer_inside() -> None:
    class Cell(layers.Layer):
        def __init__(self) -> None:
            super().__init__("cell")
            self.parameters = {"weight": RNG.standard_normal(4)}
            self.tanh = Elementwise(np.tanh, lambda x: 2 * (1 - np.tanh(x) ** 2))

        def forward(self, x: Any) -> Any:
            self.save(x)
            return self.tanh(x * self.parameters["weight"])

        def backward(self, grad_output: Any) -> Any:
            (x,) = self.take()
            grad = self.tanh.backward(grad_output)
            self.accumulate(weight=(grad * x).sum(axis=0))
            return grad * self.parameters["weight"]

    found = report(Cell(), layers.Linear(4, 4, dtype=float)).findings
    assert [(f.cause, f.path, f.tensor) for f in found] == [("wrong-scale", "cell.mine", "grad_input")]
