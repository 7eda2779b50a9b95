from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtorch import layers
from mtorch.debug import twins
from mtorch.debug.events import Call
from mtorch.debug.glance import ROW_BY_ROW, errors, found_right, kind, stacks

ROWS = {
    "linear": lambda rng: layers.Linear(3, 2, rng=rng, dtype=float),
    "linear2": lambda rng: layers.Linear2(3, 2, rng=rng, dtype=float),
    "relu": lambda rng: layers.Relu(),
    "leakyrelu": lambda rng: layers.LeakyRelu(slope=0.1),
    "sigmoid": lambda rng: layers.Sigmoid(),
    "tanh": lambda rng: layers.Tanh(),
    "gelu": lambda rng: layers.Gelu(),
    "softmax": lambda rng: layers.Softmax(),
}


def called(layer: layers.Layer, *inputs: np.ndarray, seed: int = 0) -> Call:
    """A call of a copy of the layer, with its backward's gradients."""
    before, layer = twins.twin(layer), twins.twin(layer)
    layer.zero_grad()
    output = layer.forward(inputs if len(inputs) > 1 else inputs[0])
    grad_output = np.random.default_rng(seed).standard_normal(output.shape)
    result = layer.backward(grad_output)
    results = result if isinstance(result, tuple) else (result,)
    gradients = {f"#{i}": g for i, g in enumerate(results) if g is not None} | dict(layer.gradients)
    return Call(before, inputs, grad_output, gradients, {}, ("it",))


def steps(layer: layers.Layer, count: int, batch: int = 4, seed: int = 0) -> dict[int, Call]:
    rng = np.random.default_rng(seed)
    return {10 * t: called(layer, rng.standard_normal((batch, 3)), seed=t) for t in range(count)}


@given(st.sampled_from(sorted(ROWS)), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_rows_that_are_stacked_come_out_as_they_do_alone(name: str, count: int, batch: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = ROWS[name](rng)
    xs = [rng.standard_normal((batch, 3)) + 1j * rng.standard_normal((batch, 3)) for _ in range(count)]
    together = layer.forward(np.concatenate(xs))
    alone = np.concatenate([layer.forward(x) for x in xs])
    np.testing.assert_allclose(together, alone, rtol=1e-13, atol=1e-13)


def test_every_layer_that_is_stacked_is_tried_above() -> None:
    own = [getattr(layers, name) for name in layers.__all__]
    stacked = {kind for kind in own if issubclass(kind, ROW_BY_ROW)} - {layers.Activation, layers.Linear3}
    assert stacked == {type(make(np.random.default_rng(0))) for make in ROWS.values()}


@given(st.sampled_from(sorted(ROWS)), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_right_calls_are_found_right_together_and_alone(name: str, count: int, seed: int) -> None:
    calls = steps(ROWS[name](np.random.default_rng(seed)), count, seed=seed)
    assert stacks(calls) == [list(calls)]
    assert found_right(calls).keys() == calls.keys()
    for call in calls.values():
        alone = errors([call])
        assert alone is not None
        assert alone.max() <= 1e-12


@given(st.sampled_from(sorted(ROWS)), st.data())
def test_one_wrong_element_of_one_call_is_seen_and_nothing_else(name: str, data: st.DataObject) -> None:
    calls = steps(ROWS[name](np.random.default_rng(0)), 4)
    wrong = data.draw(st.sampled_from(sorted(calls)))
    slot = data.draw(st.sampled_from(calls[wrong].slots))
    gradient = calls[wrong].gradients[slot]
    element = data.draw(st.integers(0, gradient.size - 1))
    gradient.flat[element] += 1e-5 * np.linalg.norm(gradient) + 1e-9
    assert found_right(calls).keys() == calls.keys() - {wrong}


@pytest.mark.parametrize("make", [layers.GRU, layers.LSTM, layers.RNN])
def test_all_inputs_of_a_layer_are_looked_at_together(make: Any) -> None:
    rng = np.random.default_rng(0)
    layer = make(2, 3, rng=rng, dtype=float)
    shapes = [(4, 3)] * len(layer.states) + [(5, 4, 2)]
    inputs = tuple(rng.standard_normal(shape) for shape in shapes)
    grad_x, *rest = (made := called(layer, *inputs)).gradients.values()
    right = {f"#{i}": g for i, g in enumerate((*rest, grad_x))}
    calls = {0: Call(made.layer, inputs, made.grad_output, right, {})}
    assert found_right(calls).keys() == {0}
    right["#0"] = right["#0"] * (1 + 1e-5)
    assert not found_right(calls)


def test_gradients_that_were_exchanged_are_not_found_right() -> None:
    made = called(layers.Linear(3, 3, rng=0, dtype=float), np.random.default_rng(1).standard_normal((3, 3)))
    exchanged = {**made.gradients, "#0": made.gradients["weight"], "weight": made.gradients["#0"]}
    assert found_right({0: made})
    assert not found_right({0: Call(made.layer, made.inputs, made.grad_output, exchanged, {})})


class Centred(layers.Tanh):
    """Looks like rows, but each depends on all."""

    def forward(self, x: Any) -> Any:
        return super().forward(x - x.mean(axis=0))


class Half(layers.Tanh):
    """One of two paths drops imaginary parts, and backward lacks that path."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) + np.cos(x.real)


def test_layers_of_a_stranger_are_not_found_right_at_a_glance() -> None:
    for layer in (Centred(), Half()):
        assert found_right(steps(layer, 3)) == {}
    inside = called(layers.Sequential([Half()]), np.ones((2, 3)))
    assert found_right({0: inside}) == {}


def test_rows_that_mix_are_not_stacked() -> None:
    calls = steps(layers.BatchNorm1d(3, dtype=float), 3, batch=30)
    assert stacks(calls) == [[number] for number in calls]
    assert found_right(calls).keys() == calls.keys()
    one_dimensional = called(layers.Softmax(), np.arange(3.0))
    assert kind(one_dimensional) is None


def test_calls_are_stacked_only_where_their_numbers_and_shapes_are_the_same() -> None:
    layer = layers.Linear(3, 2, rng=0, dtype=float)
    calls = steps(layer, 2)
    layer.parameters = {**layer.parameters, "bias": layer.parameters["bias"] + 1}
    calls |= {1000 + number: call for number, call in steps(layer, 2).items()}
    calls[5] = steps(layer, 1, batch=7)[0]
    slopes = [called(layers.LeakyRelu(slope=slope), np.ones((2, 3))) for slope in (0.1, 0.2)]
    calls |= {2000: slopes[0], 2001: slopes[1]}
    assert stacks(calls) == [[0, 10], [1000, 1010], [5], [2000], [2001]]
    assert found_right(calls).keys() == calls.keys()


def test_a_stack_has_no_more_numbers_than_are_good_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtorch.debug.glance.MOST_ELEMENTS", 24)
    assert stacks(steps(layers.Tanh(), 5)) == [[0, 10], [20, 30], [40]]


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 0.0, 1e20])
def test_gradients_of_very_different_sizes_are_each_compared_by_their_own(scale: float) -> None:
    layer = layers.Linear(3, 2, rng=0, dtype=float)
    calls = steps(layer, 3)
    x = np.random.default_rng(5).standard_normal((4, 3))
    calls[99] = called(layer, scale * x)
    assert found_right(calls).keys() == calls.keys()
    if scale:
        calls[99].gradients["bias"][0] *= 1 + 1e-5
        assert found_right(calls).keys() == calls.keys() - {99}


def test_what_is_missing_misshapen_or_not_finite_is_not_found_right() -> None:
    made = called(layers.Linear(3, 2, rng=0, dtype=float), np.ones((4, 3)))
    for spoilt in ({"bias": np.ones(3)}, {"bias": np.full(2, np.nan)}):
        other = Call(made.layer, made.inputs, made.grad_output, {**made.gradients, **spoilt}, {})
        assert found_right({0: other}) == {}
    rest = {name: gradient for name, gradient in made.gradients.items() if name != "bias"}
    assert found_right({0: Call(made.layer, made.inputs, made.grad_output, rest, {})}) == {}


def test_a_call_without_gradients_to_judge_has_none_wrong() -> None:
    made = called(layers.Sequential([layers.Linear(3, 2, rng=0, dtype=float, needs_input_grad=False)]), np.ones((4, 3)))
    assert found_right({0: made}) == {0: []}
