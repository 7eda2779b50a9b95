"""Small faults, each the work of a minute, and what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import SineCosine
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.session import Session


class Stale(layers.Tanh):
    name = "tanh"

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.tanh(x)

    def backward(self, grad_output: Any) -> Any:
        return grad_output * (1 - np.tanh(self.x) ** 2)


class Scaled(layers.Tanh):
    name = "tanh"
    factor = 2.0

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) * self.factor


class Averaged(layers.Linear3):
    name = "linear"

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) / self.out_dim


class Nothing(layers.Tanh):
    name = "tanh"

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) * 0


class Cut(layers.Linear3):
    name = "linear"

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output)[..., :-1]


class Odd(layers.Tanh):
    name = "tanh"

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) ** 3 + grad_output


class NoBias(layers.Linear3):
    name = "linear"

    def backward(self, grad_output: Any) -> Any:
        kept = self.gradients["bias"]
        grad_input = super().backward(grad_output)
        self.gradients["bias"] = kept
        return grad_input


def findings(*stack: layers.Layer, seq: int = 3) -> list[Finding]:
    module = Module(Sequential(stack))
    waves = SineCosine(batch=4, seq=seq, hidden=5)
    training = Training(module, SquareLoss(module.backward, "mean"), SGD(module, 0.1), waves)
    return list(Session(training).report(0).findings)


def rnn(activation: layers.Activation, name: str = "rnn") -> list[layers.Layer]:
    return [layers.RNN(1, 5, activation, name=name, rng=0), layers.Linear3(5, 1, rng=1)]


@pytest.mark.parametrize("seq", [2, 5, 12])
def test_one_saved_input_for_all_time_steps(seq: int) -> None:
    (found,) = findings(*rnn(Stale()), seq=seq)
    assert (found.cause, found.path, found.tensor) == ("stale-cache", "rnn.tanh", "grad_input")
    assert found.t == tuple(range(seq - 1))
    assert found.evidence["matches_t"] == seq - 1
    assert f"t={seq - 1}" in found.message


def test_a_single_time_step_hides_it_but_not_at_a_generic_point() -> None:
    found = findings(*rnn(Stale()), seq=1)
    assert found and all(f.path == "rnn" and f.evidence["at a generic point"] for f in found)


@pytest.mark.parametrize(("factor", "constant"), [(2.0, "2"), (0.25, "1/4"), (-1.0, "-1"), (0.1234567, "0.123457")])
def test_a_constant_factor_is_measured(factor: float, constant: str) -> None:
    activation = Scaled()
    activation.factor = factor
    (found,) = findings(*rnn(activation))
    cause = "wrong-sign" if factor == -1 else "wrong-scale"
    assert (found.cause, found.path, found.t) == (cause, "rnn.tanh", (0, 1, 2))
    assert found.evidence["constant"] == constant


def test_a_constant_that_is_a_size_is_named() -> None:
    found = findings(layers.RNN(1, 5, rng=0), Averaged(5, 7, rng=1), layers.Linear3(7, 1, rng=2))
    assert [(f.path, f.tensor, f.evidence["constant"]) for f in found] == [("linear1", "grad_input", "1/7")]
    assert "1/out_dim" in found[0].message


def test_a_gradient_of_zero_is_named() -> None:
    (found,) = findings(*rnn(Nothing()))
    assert (found.cause, found.path) == ("zero-gradient", "rnn.tanh")


def test_a_parameter_that_backward_forgets_is_named() -> None:
    (found,) = findings(layers.RNN(1, 5, rng=0), NoBias(5, 1, rng=1))
    assert (found.cause, found.path, found.tensor, found.t) == ("zero-gradient", "linear", "grad_bias", ())


def test_a_gradient_of_the_wrong_shape_is_named() -> None:
    class Alone(Cut):
        """Nothing before it needs its gradient."""

    module = Module(Sequential([Alone(3, 1, rng=0)]))

    class Batches:
        def batch(self, number: int) -> tuple[Any, Any]:
            return np.ones((2, 4, 3)), np.zeros((2, 4, 1))

    training = Training(module, SquareLoss(module.backward), SGD(module, 0.1), Batches())
    found = [f for f in Session(training).report(0).findings if f.path]
    assert [(f.cause, f.path, f.tensor) for f in found] == [("wrong-shape", "linear", "grad_input")]


def test_what_no_hypothesis_explains_is_unknown() -> None:
    (found,) = findings(*rnn(Odd()))
    assert (found.cause, found.path, found.t) == ("unknown", "rnn.tanh", (0, 1, 2))
    assert found.evidence["relative_error"] > 0.01
