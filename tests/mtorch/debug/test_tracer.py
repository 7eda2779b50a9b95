from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch import SGD, DataLoader, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.events import Trace
from mtorch.debug.tracer import trace
from mtorch.naming import paths

SMALL = {"hidden": 3, "seq": 3, "batch": 2}


def rnn() -> Training:
    return scenarios.find("rnn-sin-cos").build(settings=SMALL)


def training(*stack: layers.Layer, width: int = 3) -> Training:
    rng = np.random.default_rng(0)
    data = DataLoader(rng.standard_normal((8, 3)), rng.standard_normal((8, width)), 4)
    module = Module(Sequential(stack))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), data)


def lines(found: Trace) -> list[str]:
    return ["  " * event.depth + event.label for event in found.events]


STEP = ["      linear", "      tanh"]
TREE = [
    *("forward", "  rnn", "    t=0", *STEP, "    t=1", *STEP, "    t=2", *STEP, "  linear"),
    "loss",
    *("backward", "  linear", "  rnn", "    t=2", *STEP[::-1], "    t=1", *STEP[::-1], "    t=0", *STEP[::-1]),
    *("update", "  rnn.linear.weight", "  rnn.linear.bias", "  linear.weight", "  linear.bias"),
]


def test_an_iteration_is_a_tree_of_layers_time_steps_and_inner_layers() -> None:
    assert lines(trace(rnn(), 0)) == TREE


def test_parents_and_ends_agree_with_the_depths() -> None:
    events = trace(rnn(), 0).events
    for event in events:
        inside = events[event.index + 1 : event.end]
        assert all(other.depth > event.depth for other in inside)
        assert event.end == len(events) or events[event.end].depth <= event.depth
        assert event.parent is None or events[event.parent].depth == event.depth - 1


def test_a_backward_call_belongs_to_the_forward_call_of_its_time_step() -> None:
    events = trace(rnn(), 0).events
    outputs = {e.address.t: e.tensors["output"] for e in events if (e.address.phase, e.label) == ("forward", "tanh")}
    for event in events:
        if event.call is not None and event.label == "tanh":
            np.testing.assert_array_equal(np.tanh(event.call.inputs[0]), outputs[event.address.t])


def test_each_phase_has_its_tensors() -> None:
    found = {str(event.address): list(event.tensors) for event in trace(rnn(), 0).events}
    assert found["0 forward rnn"] == ["h0", "x", "output"]
    assert found["0 forward rnn.linear t=1"] == ["input", "weight", "bias", "output"]
    assert found["0 loss"] == ["output", "target", "value", "grad_output"]
    assert found["0 backward rnn"] == ["grad_output", "grad_x", "grad_h0"]
    assert found["0 backward rnn.linear t=1"] == ["grad_output", "grad_input", "grad_weight", "grad_bias"]
    assert found["0 update linear.bias"] == ["bias before", "gradient", "delta", "bias after"]


def test_an_update_is_before_plus_delta() -> None:
    event = trace(rnn(), 0).events[-2]
    before, gradient, delta, after = event.tensors.values()
    np.testing.assert_array_equal(before + delta, after)
    np.testing.assert_allclose(delta, -rnn().optimizer.lr * gradient, rtol=1e-3)


def test_contributions_of_all_time_steps_make_the_gradient() -> None:
    events = trace(rnn(), 0).events
    parts = [e.tensors["grad_weight"] for e in events if e.label == "linear" and e.address.t is not None and e.call]
    whole = next(e.tensors["gradient"] for e in events if e.label == "rnn.linear.weight")
    np.testing.assert_allclose(np.sum(parts, axis=0), whole, rtol=1e-5)


@pytest.mark.parametrize("name", [n for n, s in scenarios.SCENARIOS.items() if "gallery" not in s.tags])
def test_tracing_changes_nothing_in_the_run(name: str) -> None:
    traced, plain = scenarios.find(name).build(), scenarios.find(name).build()
    for i in range(3):
        trace(traced, i)
        plain.step(i)
    for one, other in zip(traced.state(), plain.state(), strict=True):
        assert {k: v.tobytes() for k, v in one.items()} == {k: v.tobytes() for k, v in other.items()}


def test_what_was_recorded_stays_when_the_run_goes_on() -> None:
    class InPlace(layers.Linear):
        def step(self, lr: float) -> None:
            for name, parameter in self.parameters.items():
                parameter -= lr * self.gradients[name]

    class Descent(SGD):
        def step(self) -> None:
            for layer in self.module.layers()[1:]:
                layer.step(self.lr)
            self.module.zero_grad()

    run = training(InPlace(3, 3, dtype=float))
    run.optimizer = Descent(run.model, 0.1)
    found = trace(run, 0)
    kept = [{name: array.copy() for name, array in event.tensors.items()} for event in found.events]
    run.step(1)
    for event, tensors in zip(found.events, kept, strict=True):
        for name, array in event.tensors.items():
            np.testing.assert_array_equal(array, tensors[name])
    assert np.abs(found.events[-2].tensors["delta"]).max() > 0


def test_a_layer_used_twice_has_two_calls_of_one_path() -> None:
    shared = layers.Tanh()
    found = trace(training(layers.Linear(3, 3), shared, layers.Linear(3, 3), shared), 0)
    assert lines(found)[:7] == ["forward", "  linear1", "  t=0", "    tanh", "  linear2", "  t=1", "    tanh"]


def test_sequentials_nest() -> None:
    inner = Sequential([layers.Linear(3, 3), layers.Tanh()])
    found = [path for path, _ in paths(Sequential([inner, layers.Tanh()]))]
    assert found == ["", "sequential", "sequential.linear", "sequential.tanh", "tanh"]


def test_siblings_of_one_name_are_numbered_and_names_are_kept() -> None:
    stack: list[Any] = [layers.Linear2(3, 3), layers.Linear3(3, 3), layers.Tanh(name="out")]
    assert [path for path, _ in paths(Sequential(stack))] == ["", "linear1", "linear2", "out"]
