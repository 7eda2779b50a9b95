from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from mtorch import layers
from mtorch.debug.derivatives import Derivative
from mtorch.debug.events import Address, Call
from mtorch.debug.gradcheck import Check, check_call

RNG = np.random.default_rng(0)


def call(layer: layers.Layer, x: np.ndarray) -> Call:
    """A call with the layer's own backward, right or wrong."""
    out = layer.forward(x)
    grad_output = RNG.standard_normal(out.shape)
    gradients = {"#0": layer.backward(grad_output), **layer.gradients}
    names = {"#0": "grad_input"} | {name: f"grad_{name}" for name in layer.gradients}
    return Call(layer, (x,), grad_output, gradients, names)


def verdicts(layer: layers.Layer, x: np.ndarray, exhaustive: bool = False) -> list[Check]:
    with np.errstate(all="ignore"):
        return [check for check, _ in check_call(Address(0, "backward"), 0, call(layer, x), exhaustive)]


class Softsign(layers.Layer):
    """x / (1 + |x|): np.abs of a complex number is real, and drops the step."""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return x / (1 + np.abs(x))

    def backward(self, grad_output: Any) -> Any:
        (x,) = self.take()
        return grad_output / (1 + np.abs(x)) ** 2


class RealOnly(layers.Tanh):
    """Refuses complex numbers by casting them away."""

    def forward(self, x: Any) -> Any:
        return super().forward(np.asarray(x).astype(np.float64))


class Filled(layers.Tanh):
    """Writes its result into an array of its own, which drops the imaginary part with a warning."""

    def forward(self, x: Any) -> Any:
        out = np.empty(x.shape)
        out[:] = super().forward(x)
        return out


@pytest.mark.parametrize("layer", [layers.Linear(3, 4, dtype=float), layers.Relu(), layers.Sigmoid(), layers.Tanh()])
def test_a_right_gradient_is_right_to_rounding_by_the_complex_step(layer: layers.Layer) -> None:
    for check in verdicts(layer, RNG.standard_normal((5, 3))):
        assert check.ok
        assert check.method == "complex-step"
        assert (check.relative_error or 0) < 1e-14


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("layer", [Softsign(), RealOnly(), Filled()])
def test_a_layer_that_cannot_take_complex_numbers_is_checked_by_central_differences(layer: layers.Layer) -> None:
    (check,) = verdicts(layer, RNG.standard_normal((5, 3)))
    assert check.ok
    assert check.method == "central-difference"


@pytest.mark.parametrize("near", [0.0, 1e-12, -1e-9, 1e-7])
def test_a_right_gradient_at_a_kink_is_no_false_alarm(near: float) -> None:
    x = RNG.standard_normal((4, 4))
    x[0, 0] = x[2, 3] = near
    assert all(check.ok is not False for check in verdicts(layers.Relu(), x))
    assert all(check.ok is not False for check in verdicts(layers.Relu(), x, exhaustive=True))


class RealRelu(layers.Relu):
    def forward(self, x: Any) -> Any:
        return super().forward(np.asarray(x).astype(np.float64))


def test_where_only_a_kink_can_be_measured_nothing_is_judged() -> None:
    (check,) = verdicts(RealRelu(), np.zeros((2, 2)))
    assert (check.ok, check.relative_error) == (None, None)
    assert "not checked" in check.method


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_not_judged(value: float) -> None:
    x = RNG.standard_normal((2, 2))
    x[0, 0] = value
    (check,) = verdicts(layers.Tanh(), x)
    assert check.ok is None or value == np.inf


def test_one_wrong_element_in_many_is_found() -> None:
    made = call(layers.Linear(50, 40, dtype=float), RNG.standard_normal((3, 50)))
    made.gradients["weight"].flat[np.abs(made.gradients["weight"]).argmax()] *= 1 + 1e-4
    wrong = [check.tensor for check, _ in check_call(Address(0, "backward"), 0, made) if not check.ok]
    assert wrong == ["grad_weight"]


@pytest.mark.parametrize("layer", [layers.Linear(3, 2, dtype=float), layers.Tanh(), Softsign()])
def test_a_whole_gradient_is_the_analytic_one(layer: layers.Layer) -> None:
    made = call(layer, RNG.standard_normal((5, 3)))
    for slot, gradient in made.gradients.items():
        whole = Derivative(made).gradient(slot, made.grad_output)
        np.testing.assert_allclose(whole, gradient, rtol=1e-6, atol=1e-8)


def test_samples_that_mix_are_not_taken_for_samples_that_do_not() -> None:
    class Centre(layers.Layer):
        def forward(self, x: Any) -> Any:
            self.save()
            return x - x.mean(axis=0)

        def backward(self, grad_output: Any) -> Any:
            self.take()
            return grad_output - grad_output.mean(axis=0)

    made = call(Centre(), RNG.standard_normal((5, 3)))
    np.testing.assert_allclose(Derivative(made).gradient("#0", made.grad_output), made.gradients["#0"], atol=1e-14)


def test_a_true_gradient_of_zero_has_room_for_rounding() -> None:
    class Constant(layers.Layer):
        def forward(self, x: Any) -> Any:
            self.save(x)
            return x * 0.0 + 1.0

        def backward(self, grad_output: Any) -> Any:
            (x,) = self.take()
            return np.full_like(x, 1e-16)

    (check,) = verdicts(Constant(), RNG.standard_normal((5, 3)))
    assert check.ok


class Doubles(layers.Layer):
    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, grad_output: Any) -> Any:
        return 2 * grad_output


class Measures(Doubles):
    """Its forward measures another layer, as one that calls an inner backward does once that was mended."""

    def forward(self, x: Any) -> Any:
        ones = np.ones(3)
        return x * Derivative(call(Doubles(), ones)).along("#0", [ones], ones).values[0]


def test_a_layer_that_measures_another_in_its_forward_can_be_measured() -> None:
    found: list[Any] = []
    ones = np.ones(3)
    measure = threading.Thread(
        target=lambda: found.extend(Derivative(call(Measures(), ones)).along("#0", [ones], ones).values), daemon=True
    )
    measure.start()
    measure.join(20)
    np.testing.assert_allclose(found, [18.0])
