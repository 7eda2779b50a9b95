"""Faults that are silent where the run is, and right layers that must stay so elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.session import Session


class Batches:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def batch(self, number: int) -> tuple[Any, Any]:
        return self.x, self.y


def findings(x: Any, y: Any, *stack: layers.Layer) -> list[Finding]:
    module = Module(Sequential(stack))
    return list(
        Session(Training(module, SquareLoss(module.backward), SGD(module, 0.1), Batches(x, y))).report(0).findings
    )


RNG = np.random.default_rng(0)
ROWS, WANTED = RNG.standard_normal((5, 3)), RNG.standard_normal((5, 3))


class AddsBiasTwice(layers.Linear):
    """Right as long as the bias is zero: its input gradient takes the bias for a part of the weight."""

    name = "linear"

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) + grad_output @ np.tile(self.parameters["bias"], (self.in_dim, 1)).T


def test_what_zero_biases_hide_is_found() -> None:
    (found,) = findings(ROWS, WANTED, AddsBiasTwice(3, 3, rng=0, dtype=float))
    assert (found.path, found.tensor, found.t) == ("linear", "grad_input", ())
    assert found.evidence["at a generic point"] is True
    assert "at a generic point" in found.message


class Scaled(layers.Layer):
    """A parameter of its own in a loop over time steps, from an h0 of zeros."""

    input_names, grad_input_names = ("h0", "x"), ("grad_h0", "grad_x")

    def __init__(self, right: bool) -> None:
        super().__init__("scaled")
        self.right = right
        self.parameters = {"weight": np.array([0.5, 0.7, 0.9])}

    def forward(self, inputs: Any) -> Any:
        h, x = inputs
        self.save(h)
        return self.parameters["weight"] * h + x

    def backward(self, grad_output: Any) -> Any:
        (h,) = self.take()
        self.accumulate(weight=(grad_output * h).sum(axis=0) * (1.0 if self.right else 3.0))
        return grad_output * self.parameters["weight"], grad_output


@pytest.mark.parametrize("right", [True, False])
def test_what_an_h0_of_zeros_hides_is_found(right: bool) -> None:
    found = findings((np.zeros((5, 3)), ROWS), WANTED, Scaled(right))
    assert [(f.cause, f.path, f.tensor, f.evidence["constant"]) for f in found] == (
        [] if right else [("wrong-scale", "scaled", "grad_weight", "3")]
    )


class KeepsFirst(layers.Tanh):
    name = "tanh"

    def forward(self, x: Any) -> Any:
        if not hasattr(self, "x"):
            self.x = x
        return np.tanh(x)

    def backward(self, grad_output: Any) -> Any:
        return grad_output * (1 - np.tanh(self.x) ** 2)


def test_a_cache_that_is_never_reset_is_found_at_the_first_call() -> None:
    (found,) = findings(ROWS, WANTED, KeepsFirst(), layers.Linear(3, 3, rng=0))
    assert (found.cause, found.path) == ("stale-cache", "tanh")
    assert found.evidence["attribute"] == "x"


class NeedsItsPlace(layers.Tanh):
    """Right, with something in it that its surroundings set."""

    scale = 1.0

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) / self.scale


class Around(layers.Layer):
    def __init__(self) -> None:
        super().__init__("around")
        self.inner = NeedsItsPlace()

    def forward(self, x: Any) -> Any:
        return self.inner(x)

    def backward(self, grad_output: Any) -> Any:
        self.inner.scale = 2.0
        grad = self.inner.backward(2 * grad_output)
        self.inner.scale = 1.0
        return grad


class LogOf(layers.Layer):
    """Takes positive numbers only."""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.log(x)

    def backward(self, grad_output: Any) -> Any:
        (x,) = self.take()
        return grad_output / x


class Refuses(LogOf):
    def forward(self, x: Any) -> Any:
        if (x.real <= 0).any():
            raise ValueError("expected positive numbers")
        return super().forward(x)


@pytest.mark.parametrize("layer", [LogOf(), Refuses(), layers.Dropout(0.5, seed=0), layers.Tanh()])
def test_a_right_layer_is_right_or_not_asked_elsewhere(layer: layers.Layer) -> None:
    assert findings(np.abs(ROWS) + 0.1, WANTED, layer, layers.Linear(3, 3, rng=0, dtype=float)) == []


def test_what_depends_on_its_surroundings_is_not_asked_elsewhere() -> None:
    found = findings(ROWS, WANTED, Around(), layers.Linear(3, 3, rng=0, dtype=float))
    assert {"at a generic point" in f.evidence for f in found} <= {False}


def asked(monkeypatch: pytest.MonkeyPatch, *stack: layers.Layer) -> set[str]:
    """The paths of the layers that are called a second time."""
    found: set[str] = set()
    monkeypatch.setattr("mtorch.debug.generic.moved", lambda call, larger: found.add(call.inside[0]))
    findings(ROWS, WANTED, *stack)
    return found


def test_a_row_of_layers_is_asked_elsewhere_where_one_is_a_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, layers.Tanh(), layers.Sigmoid()) == {"tanh", "sigmoid"}
    assert asked(monkeypatch, NeedsItsPlace(), layers.Sigmoid()) == {"needsitsplace", "sigmoid", ""}


class MeansOverTheBatch(layers.Linear):
    """Divides by the batch size, which a batch of one hides."""

    name = "linear"

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) / len(grad_output)


class LastTwoSteps(layers.Layer):
    """A running sum over time whose backward looks back two steps only, which a sequence of three hides."""

    name = "sum"

    def forward(self, x: Any) -> Any:
        return np.cumsum(x, axis=0)

    def backward(self, grad_output: Any) -> Any:
        return sum(np.concatenate((grad_output[k:], np.zeros_like(grad_output[:k]))) for k in range(3))


def test_what_a_batch_of_one_or_a_short_sequence_hides_is_found() -> None:
    (found,) = findings(ROWS[:1], WANTED[:1], MeansOverTheBatch(3, 3, rng=0, dtype=float))
    assert (found.cause, found.tensor, found.evidence["at a generic point"]) == ("wrong-scale", "grad_input", True)
    steps = RNG.standard_normal((3, 2, 3))
    (found,) = findings(steps, steps + 1.0, LastTwoSteps())
    assert (found.path, found.evidence["at a generic point"]) == ("sum", True)
    assert not findings(ROWS[:1], WANTED[:1], layers.Linear(3, 3, rng=0, dtype=float))
