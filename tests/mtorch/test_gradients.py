"""Every layer and the loss against complex-step derivatives in double precision."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtorch import Module, Sequential, ShapeNotMatchException, SquareLoss, layers
from mtorch.errors import MtorchError

STEP = 1e-100


def derivative(function: Any, x: np.ndarray) -> np.ndarray:
    """d function / d x, element by element, by the complex step."""
    gradient = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * STEP
        gradient[index] = function(moved).imag / STEP
    return gradient


def check(layer: layers.Layer, x: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    for name, p in layer.parameters.items():
        layer.parameters[name] = p + rng.standard_normal(p.shape)
    grad_output = rng.standard_normal(layer(x).shape)
    layer.zero_grad()
    layer(x)
    grad_input = layer.backward(grad_output)
    np.testing.assert_allclose(
        grad_input, derivative(lambda z: (layer(z) * grad_output).sum(), x), rtol=1e-10, atol=1e-12
    )
    for name, p in list(layer.parameters.items()):

        def loss(value: np.ndarray, name: str = name) -> Any:
            layer.parameters[name] = value
            return (layer(x) * grad_output).sum()

        expected = derivative(loss, p)
        layer.parameters[name] = p
        np.testing.assert_allclose(layer.gradients[name], expected, rtol=1e-10, atol=1e-12)


@given(st.lists(st.integers(1, 3), min_size=0, max_size=2), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_linear(leading: list[int], in_dim: int, out_dim: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((*leading, in_dim))
    check(layers.Linear(in_dim, out_dim, dtype=np.float64), x)


@pytest.mark.parametrize("kind", [layers.Relu, layers.Sigmoid, layers.Tanh])
@given(seed=st.integers(0, 99))
def test_activations(kind: Any, seed: int) -> None:
    check(kind(3), np.random.default_rng(seed).standard_normal((2, 3)) * 3)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_rnn(seq: int, batch: int, in_dim: int, out_dim: int) -> None:
    rng = np.random.default_rng(0)
    rnn = layers.RNN(in_dim, out_dim, rng=rng, dtype=np.float64)
    h0, x = rng.standard_normal((batch, out_dim)), rng.standard_normal((seq, batch, in_dim))
    grad_output = rng.standard_normal((seq, batch, out_dim))
    rnn((h0, x))
    grad_x, grad_h0 = rnn.backward(grad_output)
    weight = rnn.linear.parameters["weight"]

    def loss(h: Any, xs: Any, w: Any) -> Any:
        rnn.linear.parameters["weight"] = w
        return (rnn((h, xs)) * grad_output).sum()

    np.testing.assert_allclose(grad_h0, derivative(lambda z: loss(z, x, weight), h0), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(grad_x, derivative(lambda z: loss(h0, z, weight), x), rtol=1e-10, atol=1e-12)
    expected = derivative(lambda z: loss(h0, x, z), weight)
    np.testing.assert_allclose(rnn.linear.gradients["weight"], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("reduction", ["sum", "mean", "batchmean"])
def test_square_loss_gradient_is_that_of_its_value(reduction: str) -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    loss_func = SquareLoss(lambda g: g, reduction)
    gradient = loss_func(outputs, targets).backward()
    np.testing.assert_allclose(gradient, derivative(lambda z: loss_func(z, targets).value, outputs), rtol=1e-12)


def test_labels_become_targets() -> None:
    loss = SquareLoss(lambda g: g)(np.zeros((2, 3)), np.array([0, 2]), transform=True)
    assert loss.value == 0.5
    np.testing.assert_array_equal(loss.backward(), [[-0.5, 0, 0], [0, 0, -0.5]])


def test_calls_pair_up_last_in_first_out() -> None:
    layer = layers.Tanh()
    first, second = np.full((1, 1), 0.3), np.full((1, 1), 2.0)
    layer(first), layer(second)
    one = np.ones((1, 1))
    np.testing.assert_allclose(layer.backward(one), 1 - np.tanh(second) ** 2)
    np.testing.assert_allclose(layer.backward(one), 1 - np.tanh(first) ** 2)
    with pytest.raises(MtorchError, match="without a forward"):
        layer.backward(one)


def test_eval_between_forward_and_backward_changes_nothing() -> None:
    layer = layers.Tanh()
    layer(np.full((1, 1), 0.3))
    layer.eval()
    layer(np.full((1, 1), 9.0))
    layer.train()
    np.testing.assert_allclose(layer.backward(np.ones((1, 1))), 1 - np.tanh(0.3) ** 2)


def test_gradients_accumulate_until_zeroed() -> None:
    module = Module(Sequential([layers.Linear(2, 2, dtype=np.float64)]))
    x, g = np.ones((1, 2)), np.ones((1, 2))
    for _ in range(2):
        module(x), module.backward(g)
    layer = module.layers()[1]
    np.testing.assert_array_equal(layer.gradients["bias"], [2, 2])
    module.zero_grad()
    np.testing.assert_array_equal(layer.gradients["bias"], [0, 0])


@pytest.mark.parametrize(
    ("layer", "x", "message"),
    [
        (
            layers.Linear2(784, 3, name="fc1"),
            np.zeros((20, 785)),
            r"Linear2 'fc1' expected .*\(batch, 784\), got \(20, 785\)",
        ),
        (layers.Linear3(4, 3), np.zeros((2, 4)), r"\(seq, batch, 4\)"),
        (layers.Relu(3), np.zeros((2, 4)), r"Relu expected"),
        (layers.RNN(1, 4), (np.zeros((2, 3)), np.zeros((5, 2, 1))), r"h0 of shape \(2, 4\), got \(2, 3\)"),
    ],
)
def test_wrong_shapes_say_what_and_where(layer: layers.Layer, x: Any, message: str) -> None:
    with pytest.raises(ShapeNotMatchException, match=message):
        layer(x)


def test_float32_stays_float32() -> None:
    rnn = layers.RNN(1, 4)
    x = np.zeros((3, 2, 1), np.float32)
    assert rnn((np.zeros((2, 4), np.float32), x)).dtype == np.float32
    assert rnn.backward(np.ones((3, 2, 4), np.float32))[0].dtype == np.float32
