"""Rows and columns by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import scenarios
from mtorch.debug.events import Event
from mtorch.debug.session import Session
from tui.viewmodels.labels import labels
from tui.viewmodels.table import Table


class Run:
    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        self.session = Session(scenarios.find(name).build(settings=settings))
        self.names = self.session.names

    def event(self, address: str) -> Event:
        return next(e for e in self.session.trace(0).events if str(e.address) == address)

    def of(self, address: str, tensor: str, names: Mapping[str, Sequence[str]] | None = None) -> tuple[Any, ...]:
        event = self.event(address)
        return labels(event, tensor, event.tensors[tensor], self.names if names is None else names)


@pytest.fixture(scope="module")
def text() -> Run:
    return Run("char-rnn", {"hidden": 4, "seq": 3, "batch": 2})


@pytest.fixture(scope="module")
def lstm() -> Run:
    return Run("lstm-sin-cos", {"hidden": 2, "seq": 3, "batch": 2})


@pytest.mark.parametrize("address", ["0 forward", "0 loss", "0 forward linear"])
def test_what_a_layer_or_the_network_gives_out_has_its_names(text: Run, address: str) -> None:
    assert text.of(address, "output") == ((), (), text.names["output"])
    assert text.of("0 loss", "grad_output")[-1] == text.of("0 backward linear", "grad_output")[-1]


def test_parameters_their_gradients_and_updates_have_them(text: Run) -> None:
    letters = text.names["output"]
    assert text.of("0 forward linear", "weight") == text.of("0 backward linear", "grad_weight") == ((), letters)
    assert text.of("0 forward linear", "bias") == text.of("0 update linear.bias", "delta") == (letters,)
    assert text.of("0 update linear.weight", "weight after") == ((), letters)
    assert text.of("0 forward embedding", "weight") == text.of("0 update embedding.weight", "gradient") == (letters, ())


def test_what_has_no_names_has_none(text: Run) -> None:
    assert text.of("0 forward rnn", "output") == text.of("0 forward linear", "output", {}) == ()
    assert text.of("0 forward", "input") == (), "numbers of characters, not units"
    assert text.of("0 forward linear", "output", {"linear.output": ["one", "two"]}) == ()
    assert text.of("0 loss", "value") == ()


def test_gates_are_named_in_the_linear_and_the_activation_and_in_the_time_step(lstm: Run) -> None:
    gates = ["i0", "i1", "f0", "f1", "o0", "o1"]
    assert lstm.of("0 forward lstm.gates t=1", "weight") == ((), gates)
    for tensor in ("grad_output", "grad_input"):
        assert lstm.of("0 backward lstm.sigmoid t=1", tensor) == ((), gates)
    assert lstm.of("0 forward lstm t=1", "gates.bias") == (gates,)
    event = lstm.event("0 forward lstm.gates t=1")
    array = event.tensors["bias"]
    table = Table(array, labels=labels(event, "bias", array, lstm.names))
    assert [table.column_label(n) for n in range(6)] == gates
