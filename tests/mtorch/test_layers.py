from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch import MtorchError, Sequential, ShapeError, ShapeNotMatchException, layers

RNG = np.random.default_rng(0)


def normal(*shape: int, dtype: str = "float64") -> np.ndarray:
    return RNG.standard_normal(shape).astype(dtype)


def test_calls_before_backward_are_taken_back_in_reverse() -> None:
    tanh, inputs = layers.Tanh(), [normal(4, 3) for _ in range(5)]
    for x in inputs:
        tanh(x)
    for x in reversed(inputs):
        np.testing.assert_allclose(tanh.backward(np.ones((4, 3))), 1 - np.tanh(x) ** 2)


def test_gradients_of_several_calls_add_up() -> None:
    linear, a, b = layers.Linear2(3, 2, dtype="float64"), normal(4, 3), normal(4, 3)
    linear(a)
    linear(b)
    linear.backward(np.ones((4, 2)))
    linear.backward(np.ones((4, 2)))
    np.testing.assert_allclose(linear.gradients["weight"], (a + b).T @ np.ones((4, 2)))


def test_eval_mode_keeps_nothing_and_leaves_pending_calls_alone() -> None:
    tanh, x = layers.Tanh(), normal(2, 3)
    tanh(x)
    tanh.eval()
    tanh(normal(2, 3))
    tanh.train()
    np.testing.assert_allclose(tanh.backward(np.ones((2, 3))), 1 - np.tanh(x) ** 2)


def test_backward_without_forward_says_so() -> None:
    with pytest.raises(MtorchError, match=r"Relu.backward was called without a forward call"):
        layers.Relu().backward(np.ones((1, 1)))


def test_zero_grad_forgets_calls_that_got_no_backward() -> None:
    linear = layers.Linear2(3, 2)
    linear(normal(4, 3, dtype="float32"))
    linear.zero_grad()
    with pytest.raises(MtorchError):
        linear.backward(np.ones((4, 2), "float32"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_float_dtype_is_kept_all_the_way(dtype: str) -> None:
    net = Sequential(
        [layers.RNN(2, 4, dtype=dtype), layers.Linear3(4, 3, dtype=dtype), layers.Relu(), layers.Sigmoid()]
    )
    out = net((normal(5, 4, dtype=dtype), normal(6, 5, 2, dtype=dtype)))
    grad_x, grad_h0 = net.backward(np.ones_like(out))
    made = [out, grad_x, grad_h0, *(g for layer in net.layers_within() for g in layer.gradients.values())]
    assert {str(array.dtype) for array in made} == {dtype}


def test_weights_are_float32_unless_told_otherwise() -> None:
    assert layers.Linear(2, 3).parameters["weight"].dtype == np.float32


def test_a_step_rebinds_and_leaves_the_old_arrays_as_they_were() -> None:
    linear = layers.Linear2(3, 2)
    before = linear.parameters["weight"]
    kept = before.copy()
    linear(normal(4, 3, dtype="float32"))
    linear.backward(np.ones((4, 2), "float32"))
    linear.step(0.5)
    assert linear.parameters["weight"] is not before
    np.testing.assert_array_equal(before, kept)


def test_a_step_goes_against_the_gradient() -> None:
    linear = layers.Linear2(3, 2, dtype="float64")
    before = linear.parameters["bias"]
    linear(normal(4, 3))
    linear.backward(np.ones((4, 2)))
    linear.step(0.5)
    np.testing.assert_allclose(linear.parameters["bias"], before - 0.5 * 4)


def test_a_layer_used_twice_is_stepped_once() -> None:
    shared = layers.Linear2(3, 3, dtype="float64")
    net = Sequential([shared, shared])
    net(normal(2, 3))
    net.backward(np.ones((2, 3)))
    expected = shared.parameters["weight"] - 0.1 * shared.gradients["weight"]
    net.step(0.1)
    np.testing.assert_array_equal(shared.parameters["weight"], expected)


def test_layers_in_lists_and_dicts_of_a_layer_are_found() -> None:
    class Holder(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.many, self.named = layers.Tanh(), [layers.Relu()], {"s": layers.Sigmoid()}

    assert [type(layer).__name__ for layer in Holder().children()] == ["Tanh", "Relu", "Sigmoid"]


def test_relu_lets_a_nan_through_and_stops_what_is_not_positive() -> None:
    np.testing.assert_array_equal(layers.Relu()(np.array([np.nan, -1.0, 0.0, 2.0])), [np.nan, 0, 0, 2])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_sigmoid_does_not_overflow(dtype: Any) -> None:
    y = layers.Sigmoid()(np.array([-1e4, 0.0, 1e4], dtype))
    np.testing.assert_allclose(y, [0, 0.5, 1], rtol=0, atol=2e-5 if dtype == np.float16 else 1e-38)
    assert y.dtype == dtype


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (layers.Linear2(3, 2, name="fc1"), (4, 5), "Linear2 'fc1' expected inputs of shape (batch, 3), got (4, 5)"),
        (layers.Linear2(3, 2), (2, 4, 3), "Linear2 expected inputs of shape (batch, 3), got (2, 4, 3)"),
        (layers.Linear3(3, 2), (4, 3), "Linear3 expected inputs of shape (seq, batch, 3), got (4, 3)"),
        (layers.Linear(3, 2), (4, 5), "Linear expected inputs of shape (..., 3), got (4, 5)"),
        (layers.Relu(7), (4, 5), "Relu expected inputs of shape (..., 7), got (4, 5)"),
    ],
)
def test_a_shape_error_names_layer_expected_and_got(layer: layers.Layer, shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ShapeNotMatchException) as error:
        layer(np.zeros(shape))
    assert str(error.value) == said


def test_a_gradient_of_the_wrong_shape_is_refused() -> None:
    linear = layers.Linear2(3, 2, dtype="float64")
    linear(normal(4, 3))
    with pytest.raises(ShapeError, match=r"a gradient of shape \(4, 2\), got \(4, 3\)"):
        linear.backward(np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("h0", "x", "said"),
    [
        ((4, 3), (5, 4, 3), "x of shape (seq, batch, 2)"),
        ((4, 9), (5, 4, 2), "h0 of shape (4, 3), got (4, 9)"),
        ((4, 3), (0, 4, 2), "at least one time step"),
    ],
)
def test_rnn_refuses_wrong_shapes(h0: tuple[int, ...], x: tuple[int, ...], said: str) -> None:
    with pytest.raises(ShapeError) as error:
        layers.RNN(2, 3)((np.zeros(h0), np.zeros(x)))
    assert said in str(error.value)


def test_rnn_is_its_linear_and_its_activation_at_every_step() -> None:
    rnn, h, xs = layers.RNN(2, 3, dtype="float64"), normal(4, 3), normal(5, 4, 2)
    weight, bias = rnn.linear.parameters["weight"], rnn.linear.parameters["bias"]
    for out, x in zip(rnn((h, xs)), xs, strict=True):
        h = np.tanh(np.concatenate((h, x), axis=1) @ weight + bias)
        np.testing.assert_allclose(out, h)


@pytest.mark.parametrize("cls", [layers.Linear, layers.Linear2])
def test_a_seed_gives_the_same_weights_again(cls: type[layers.Linear]) -> None:
    np.testing.assert_array_equal(cls(5, 4, rng=3).parameters["weight"], cls(5, 4, rng=3).parameters["weight"])


def test_coe_is_the_variance_times_in_dim() -> None:
    weight = layers.Linear(400, 500, coe=2, rng=0).parameters["weight"]
    assert weight.var() * 400 == pytest.approx(2, rel=0.02)
