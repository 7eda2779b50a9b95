"""Gradients of hidden states, against what the loss does when a hidden state is moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import SineCosine
from mtorch.debug.through_time import ThroughTime, around, through_time
from mtorch.debug.tracer import trace
from mtorch.layers.base import Array

T = 4


def training(kind: Any, num_layers: int = 1) -> Training:
    module = Module(Sequential([kind(1, 3, num_layers=num_layers, rng=0), layers.Linear3(3, 1, rng=1)]))
    waves = SineCosine(2, T, 3, states=len(kind.states))
    if num_layers > 1:
        waves = WithoutStates(waves)  # type: ignore[assignment]
    made = Training(module, SquareLoss(module.backward, reduction="mean"), SGD(module, 0.1), waves)
    return made.astype(np.float64)


class WithoutStates:
    def __init__(self, waves: SineCosine) -> None:
        self.waves = waves

    def batch(self, number: int) -> Any:
        inputs, targets = self.waves.batch(number)
        return inputs[-1], targets


def loss_with(made: Training, moved: Any, at: int, by: Array) -> float:
    """The loss where the hidden state that the layer `moved` leaves at a time step is moved by a bit."""
    calls, own = [], type(moved).time_step

    def time_step(x: Array, *states: Array) -> tuple[Array, ...]:
        h, *others = own(moved, x, *states)
        calls.append(0)
        return (h + by if len(calls) - 1 == at else h, *others)

    moved.time_step = time_step
    try:
        inputs, targets = made.inputs_and_targets(0)
        return float(made.loss(made.model(inputs), targets).value)
    finally:
        del moved.time_step


@pytest.mark.parametrize(("kind", "num_layers"), [(layers.RNN, 1), (layers.LSTM, 1), (layers.GRU, 1), (layers.GRU, 2)])
def test_a_hidden_states_gradient_is_what_the_loss_does_when_it_moves(kind: Any, num_layers: int) -> None:
    made = training(kind, num_layers)
    copy = made.astype(np.float64)
    recurrent = copy.model.sequential.layers[0]
    found = through_time(trace(made, 0))
    moved = [recurrent, *([recurrent.upper] if num_layers > 1 else [])]
    assert [one.path.rpartition(".")[2] for one in found] == [kind.__name__.lower(), "upper"][:num_layers]
    for one, layer in zip(found, moved, strict=True):
        assert one.known and (one.hidden, one.gradient) == ("h", "dL/dh")
        for step in one.steps:
            direction = np.random.default_rng(step.t).standard_normal((2, 3)) * 1e-5
            slope = loss_with(copy, layer, step.t, direction) - loss_with(copy, layer, step.t, -direction)
            assert step.gradient is not None
            assert 2 * float((step.gradient * direction).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-14)


def test_gates_stand_one_by_one() -> None:
    lstm = through_time(trace(training(layers.LSTM), 0))[0]
    assert list(lstm.steps[0].inside) == ["i", "f", "o", "gates", "candidate", "candidate_tanh", "tanh"]
    assert lstm.steps[0].inside["f"].shape == (2, 3)
    gru = through_time(trace(training(layers.GRU), 0))[0]
    assert {"r", "z"} < set(gru.steps[0].inside)


def of(scenario: str) -> ThroughTime:
    return through_time(trace(scenarios.find(scenario).build(settings={"hidden": 3, "seq": 4, "batch": 2}), 0))[0]


def test_whoever_made_the_layer_what_an_inner_layer_puts_out_has_that_calls_gradient() -> None:
    assert of("rnn-sin-cos-seed").known


def test_a_gradient_that_the_backward_did_not_go_on_from_is_not_told() -> None:
    one = through_time(trace(scenarios.find("fault-lstm-without-hidden").build(), 0))[0]
    assert not one.known and (one.hidden, one.gradient) == ("h", "tanh.grad_output")


def test_a_layer_that_is_not_known_shows_what_its_inner_layers_were_given() -> None:
    found = trace(training(layers.GRU), 0)
    events = tuple(replace(e, call=None) for e in found.events)
    one = through_time(replace(found, events=events))[0]
    assert not one.known and (one.hidden, one.gradient) == ("output", "tanh.grad_output")
    assert one.steps[0].gradient is not None and "sigmoid" in one.steps[0].inside


def test_the_one_around_an_event_else_the_first() -> None:
    found = trace(training(layers.GRU, 2), 0)
    both = through_time(found)
    inner = next(e.index for e in found.events if str(e.address) == "0 backward gru.upper.tanh t=2")
    assert around(both, inner) is both[1] and around(both, 0) is both[0]
    assert around([], 0) is None
