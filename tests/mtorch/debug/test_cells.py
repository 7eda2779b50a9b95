"""A cell as a parameter's number, as one that can be set, and where it has another value."""

from __future__ import annotations

import pytest

import scenarios
from mtorch import MtorchError
from mtorch.debug.cells import next_value, parameter_at, settable
from mtorch.debug.events import Address, Event
from mtorch.debug.session import Session, Stopped
from mtorch.debug.timeline import Position

RUN = Session(scenarios.find("rnn-sin-cos").build(settings={"hidden": 4, "seq": 3, "batch": 4}), 8)
KNOWN = RUN.training.model.state_dict()


def event(words: str) -> Event:
    return RUN.trace(0).events[RUN.goto(Address.parse(words)).event]


@pytest.mark.parametrize(
    ("words", "tensor", "path"),
    [
        ("0 forward rnn.linear t=1", "weight", "rnn.linear.weight"),
        ("0 forward rnn t=1", "linear.bias", "rnn.linear.bias"),
        ("0 update rnn.linear.weight", "delta", "rnn.linear.weight"),
        ("0 update rnn.linear.weight", "weight after", "rnn.linear.weight"),
        ("0 update rnn.linear.weight", "gradient", None),
        ("0 backward rnn.linear t=1", "grad_weight", None),
        ("0 forward rnn.linear t=1", "output", None),
    ],
)
def test_which_tensors_show_a_parameter(words: str, tensor: str, path: str | None) -> None:
    assert tensor in event(words).tensors
    assert parameter_at(event(words), tensor, KNOWN) == path


@pytest.mark.parametrize(
    ("words", "tensor", "name", "shown"),
    [
        ("0 forward", "x", "x", "x"),
        ("0 loss", "target", "target", "target"),
        ("0 forward linear", "weight", "linear.weight", "weight"),
        ("0 update linear.weight", "delta", "linear.weight", "weight before"),
    ],
)
def test_what_set_calls_a_tensor_and_what_it_is_now(words: str, tensor: str, name: str, shown: str) -> None:
    there = event(words)
    assert settable(there, tensor, KNOWN) == (name, there.tensors[shown])


@pytest.mark.parametrize(
    ("words", "tensor"),
    [
        ("0 forward", "output"),
        ("0 loss", "grad_output"),
        ("0 forward linear", "input"),
        ("0 update linear.bias", "gradient"),
    ],
)
def test_what_is_computed_cannot_be_set(words: str, tensor: str) -> None:
    with pytest.raises(MtorchError, match=f"{tensor} is computed here: set takes parameters"):
        settable(event(words), tensor, KNOWN)


@pytest.mark.parametrize(
    ("words", "tensor", "after", "before"),
    [
        ("1 forward rnn.tanh t=0", "output", "1 forward rnn.tanh t=1", "0 forward rnn.tanh t=2"),
        ("1 backward rnn.tanh t=0", "grad_input", "2 backward rnn.tanh t=2", "1 backward rnn.tanh t=1"),
        ("1 forward rnn t=2", "tanh.output", "2 forward rnn t=0", "1 forward rnn t=1"),
        ("1 forward rnn", "output", "2 forward rnn", "0 forward rnn"),
        ("1 loss", "value", "2 loss", "0 loss"),
    ],
)
def test_where_a_number_has_another_value(words: str, tensor: str, after: str, before: str) -> None:
    at = RUN.goto(Address.parse(words))
    index = (0,) * RUN.trace(1).events[at.event].tensors[tensor].ndim
    for back, place in ((False, after), (True, before)):
        found = next_value(RUN, at, tensor, index, back)
        assert found is not None and str(RUN.trace(found.iteration).events[found.event].address) == place


def test_where_there_is_none_within_so_many_iterations() -> None:
    at = RUN.goto(Address.parse("2 forward"))  # whose h0 is always 0
    asked: list[int] = []
    assert next_value(RUN, at, "h0", (0, 0), going=lambda i: asked.append(i) is None, most=3) is None
    assert max(asked) == 5
    assert next_value(RUN, at, "h0", (0, 0), back=True) is None
    with pytest.raises(Stopped):
        next_value(RUN, at, "h0", (0, 0), going=lambda i: i < 4)
    with pytest.raises(MtorchError, match="expected 2 numbers"):
        next_value(RUN, Position(2, 0), "h0", (0,))
