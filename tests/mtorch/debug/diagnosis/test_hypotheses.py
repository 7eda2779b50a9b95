"""Each hypothesis, asked of a gradient that is wrong in its way, and of noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mtorch import layers
from mtorch.debug.derivatives import Derivative
from mtorch.debug.diagnosis.gradients import diagnose
from mtorch.debug.diagnosis.hypotheses import HYPOTHESES, Case
from mtorch.debug.events import Address, Call, Event, Trace
from mtorch.debug.gradcheck import check_call
from mtorch.debug.naming import is_input

RNG = np.random.default_rng(1)
ROWS, CUBE = RNG.standard_normal((6, 4)), RNG.standard_normal((4, 5, 3))
IMAGE = RNG.standard_normal((2, 1, 6, 6))
Wrong = Callable[[Callable[..., np.ndarray], np.ndarray], np.ndarray]


def case(layer: Any, x: np.ndarray, wrong: Wrong, slot: str = "#0") -> Case:
    """A call whose gradient for the slot is made by `wrong` from (VJP as a function of grad_output, grad_output)."""
    y = layer.forward(x)
    layer.zero_grad()
    grad = np.random.default_rng(2).standard_normal(y.shape)
    address = Address(0, "backward", "mine")
    blank = Call(layer, (x,), grad, {}, {}, ("mine",))
    call = Call(
        layer, (x,), grad, {slot: wrong(lambda g: Derivative(blank).gradient(slot, g), grad)}, {slot: "it"}, ("mine",)
    )
    if not is_input(slot):  # else the check takes it that nothing came back
        call = Call(layer, (x,), grad, {**call.gradients, "#0": np.zeros(x.shape)}, {slot: "it", "#0": "x"}, ("mine",))
    check, found = next((c, f) for c, f in check_call(address, 0, call) if f.slot == slot)
    tensors = {"it": call.gradients[slot], "grad_output": grad}
    return Case(Trace(0, 0.0, (Event(0, address, "mine", 0, None, 1, tensors, call),)), check, found)


def named(case: Case) -> tuple[str, dict[str, Any], str]:
    (finding,) = diagnose(case.trace, [(case.check, case.found)])
    return finding.cause, dict(finding.evidence), finding.message


def linear(n: int, m: int) -> layers.Linear:
    return layers.Linear(n, m, rng=3, dtype=float)


def rows(order: list[int]) -> Wrong:
    return lambda vjp, grad: vjp(grad)[order]


def masked(vjp: Any, grad: np.ndarray) -> np.ndarray:
    found = vjp(grad)
    found[0] = 0
    return found


def only(axis: int, index: int) -> Wrong:
    def wrong(vjp: Any, grad: np.ndarray) -> np.ndarray:
        alone = np.zeros_like(grad)
        place = (slice(None),) * axis + (index,)
        alone[place] = grad[place]
        return vjp(alone)

    return wrong


def blocks(vjp: Any, grad: np.ndarray) -> np.ndarray:
    a, b, c, d = np.split(vjp(grad), 4, axis=-1)
    return np.concatenate((a, c, b, d), axis=-1)


RNN = layers.RNN(3, 2, rng=0, dtype=float)
CASES = [
    ("transposed", {"layout": "transposed"}, linear(4, 4), ROWS, lambda vjp, g: vjp(g).T, "weight"),
    ("transposed", {}, linear(4, 3), ROWS, lambda vjp, g: vjp(g).T.reshape(4, 3), "weight"),
    ("transposed", {}, linear(4, 3), ROWS, lambda vjp, g: vjp(g).T, "weight"),
    ("transposed", {"turn": "transposed"}, linear(4, 4), ROWS, lambda _, g: None, "#0"),
    ("wrong-tensor", {"blocks": [0, 2, 1, 3]}, linear(4, 8), ROWS, blocks, "weight"),
    ("wrong-time-index", {"order": "at t+1"}, RNN, CUBE, rows([1, 2, 3, 3]), "#0"),
    ("wrong-time-index", {"order": "at t-1"}, RNN, CUBE, rows([0, 0, 1, 2]), "#0"),
    ("wrong-time-index", {"order": "in reversed order"}, RNN, CUBE, rows([3, 2, 1, 0]), "#0"),
    ("wrong-time-index", {"of": "grad_output"}, RNN, CUBE, lambda vjp, g: vjp(g[::-1]), "#0"),
    ("missing-accumulation", {"axis": 0, "index": 3}, linear(3, 2), CUBE, only(0, 3), "weight"),
    ("missing-accumulation", {"axis": 1, "index": 0}, linear(3, 2), CUBE, only(1, 0), "bias"),
    ("ignored-grad-output", {"grad_output_as": "ones"}, layers.Tanh(), ROWS, lambda vjp, g: vjp(np.ones_like(g)), "#0"),
    ("derivative-at-output", {}, layers.Gelu(), ROWS, lambda _, g: at_output(layers.Gelu(), g), "#0"),
    ("diagonal-only-jacobian", {}, layers.Softmax(), ROWS, lambda _, g: diagonal(g), "#0"),
    ("missing-term", {"term": "part of the cells"}, layers.Tanh(), ROWS, masked, "#0"),
    ("missing-term", {"term": "mask"}, layers.MaxPool2d(2), IMAGE, lambda _, g: g.repeat(2, 2).repeat(2, 3), "#0"),
    ("wrong-scale", {"constant": "1/20"}, linear(3, 2), CUBE, lambda vjp, g: vjp(g) / 20, "weight"),
    ("double-accumulation", {"constant": "2"}, linear(3, 2), CUBE, lambda vjp, g: vjp(g) * 2, "weight"),
    ("unknown", {}, layers.Tanh(), ROWS, lambda vjp, g: vjp(g) + 0.1 * np.cos(g), "#0"),
]


def at_output(layer: Any, grad: np.ndarray) -> np.ndarray:
    return Derivative(Call(layer, (layer.forward(ROWS),), grad, {}, {})).gradient("#0", grad)


def diagonal(grad: np.ndarray) -> np.ndarray:
    y = layers.Softmax().forward(ROWS)
    return y * (1 - y) * grad


@pytest.mark.parametrize(("cause", "facts", "layer", "x", "wrong", "slot"), CASES)
def test_a_cause_is_named_with_its_numbers(
    cause: str, facts: dict[str, Any], layer: Any, x: np.ndarray, wrong: Wrong, slot: str
) -> None:
    if "turn" in facts:
        wrong = lambda _, g: g @ layer.parameters["weight"]  # noqa: E731
    said, evidence, message = named(case(layer, x, wrong, slot))
    assert said == cause, message
    assert {key: evidence[key] for key in facts} == facts
    assert message.startswith("mine's it ")


@pytest.mark.parametrize("hypothesis", HYPOTHESES, ids=lambda hypothesis: hypothesis.__name__)
@pytest.mark.parametrize(
    ("layer", "x", "slot"),
    [
        (linear(4, 4), ROWS, "#0"),
        (linear(4, 4), ROWS, "weight"),
        (layers.LayerNorm(4, dtype=float), ROWS, "#0"),
        (layers.BatchNorm1d(4, dtype=float), ROWS, "#0"),
        (layers.Conv2d(1, 2, 3, 2, rng=0, dtype=float), IMAGE, "#0"),
        (RNN, CUBE, "#0"),
        (layers.LSTM(3, 2, rng=0, dtype=float), CUBE, "#0"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else "",
)
def test_noise_fits_no_hypothesis(hypothesis: Any, layer: Any, x: np.ndarray, slot: str) -> None:
    noise = lambda vjp, g: np.random.default_rng(9).standard_normal(vjp(g).shape)  # noqa: E731
    assert hypothesis(case(layer, x, noise, slot)) is None


def test_what_stays_unknown_is_described() -> None:
    def one_column(vjp: Any, grad: np.ndarray) -> np.ndarray:
        found = vjp(grad)
        found[:, 2] += np.sin(found[:, 1])
        return found

    cause, evidence, message = named(case(layers.Tanh(), ROWS, one_column))
    assert (cause, evidence["wrong_at"], evidence["wrong_cells"]) == ("unknown", "index 2 of axis 1", 0.25)
    assert 0 < evidence["cosine"] < 1
    assert "cosine" in message and "index 2 of axis 1" in message


class OwnRNN(layers.Layer):
    """Somebody's own, with no time_step to take hold of."""

    def forward(self, x: Any) -> Any:
        h, out = 0 * x[0], []
        for row in x:
            h = np.tanh(row + 0.5 * h)
            out.append(h)
        return np.array(out)


def test_a_missing_carry_is_found_in_a_layer_of_one_s_own() -> None:
    def alone(vjp: Any, grad: np.ndarray) -> np.ndarray:
        found = []
        for t in range(len(grad)):
            only_t = np.zeros_like(grad)
            only_t[t] = grad[t]
            found.append(vjp(only_t)[t])
        return np.array(found)

    cause, evidence, _ = named(case(OwnRNN("mine"), CUBE, alone))
    assert (cause, evidence["term"]) == ("missing-term", "grad_h")
