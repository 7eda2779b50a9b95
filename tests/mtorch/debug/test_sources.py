from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch import SGD, DataLoader, Module, MtorchError, Sequential, SquareLoss, Training, layers
from mtorch.debug.events import Address, Trace
from mtorch.debug.session import Session
from mtorch.debug.sources import Place, Sources, parse, sources

SMALL = {"hidden": 4, "seq": 3, "batch": 4}


@pytest.fixture(scope="module")
def rnn() -> Trace:
    return Session(scenarios.find("rnn-sin-cos").build(settings=SMALL)).trace(0)


def of(trace: Trace, address: str, words: str) -> Sources:
    event = trace.events[trace.find(Address.parse(address))]
    return sources(trace, parse(words, event))


def said(trace: Trace, address: str, words: str) -> list[str]:
    return [term.words for term in of(trace, address, words).terms]


def test_a_gradient_of_a_linear_is_the_products_it_is_the_sum_of(rnn: Trace) -> None:
    found = of(rnn, "0 backward rnn.linear t=1", "grad_input[2,1]")
    event = rnn.events[found.place.event]
    products = event.tensors["grad_output"][2] * rnn.events[0].tensors.get("weight", parameter(rnn, "rnn.linear"))[1]
    assert sorted(t.value for t in found.terms) == pytest.approx(sorted(products), rel=1e-5)
    largest = int(np.abs(products).argmax())
    grad, slope = event.tensors["grad_output"][2, largest], parameter(rnn, "rnn.linear")[1, largest]
    assert found.terms[0].words == f"grad_output[2,{largest}] ({grad:.4g}) * weight[1,{largest}] ({slope:.4g})"
    assert found.terms[0].places == (Place(event.index, "grad_output", (2, largest)),)
    assert (found.kind, abs(found.off) < 1e-8) == ("sum", True)


def parameter(trace: Trace, path: str) -> Any:
    return next(e for e in trace.events if e.address.path == path and "weight" in e.tensors).tensors["weight"]


def test_a_weights_gradient_names_the_inputs(rnn: Trace) -> None:
    words = said(rnn, "0 backward rnn.linear t=1", "grad_weight[2,1]")
    factors = sorted(re.sub(r" \(.*?\)", "", word) for word in words)
    assert factors == [f"grad_output[{b},1] * input[{b},2]" for b in range(4)]


@pytest.mark.parametrize(
    ("address", "words", "expected"),
    [
        (
            "0 backward rnn.tanh t=1",
            "grad_output[2,1]",
            {"grad_output[1,2,1] of backward rnn", "grad_input[2,1] of backward rnn.linear t=2"},
        ),
        ("0 backward rnn.tanh t=2", "grad_output[2,1]", {"grad_output[2,2,1] of backward rnn"}),
        ("0 backward rnn.linear t=1", "grad_output[2,1]", {"grad_input[2,1] of backward rnn.tanh t=1"}),
        ("0 backward rnn", "grad_h0[1,1]", {"grad_input[1,1] of backward rnn.linear t=0"}),
        ("0 forward rnn.linear t=1", "input[2,1]", {"output[2,1] of forward rnn.tanh t=0"}),
        ("0 forward rnn.linear t=1", "input[2,4]", {"x[1,2,0] of forward rnn"}),
        ("0 forward rnn", "output[2,0,0]", {"output[0,0] of forward rnn.tanh t=2"}),
        ("0 loss", "output[1,1,0]", {"output[1,1,0] of forward linear"}),
        ("0 backward", "grad_output[1,1,0]", {"grad_output[1,1,0] of loss"}),
        ("0 loss", "grad_output[1,1,0]", {"d value / d output[1,1,0]"}),
        ("0 update rnn.linear.weight", "weight after[1,1]", {"weight before[1,1]", "delta[1,1]"}),
        (
            "0 update rnn.linear.weight",
            "gradient[1,1]",
            {f"grad_weight[1,1] of backward rnn.linear t={t}" for t in range(3)},
        ),
    ],
)
def test_what_was_handed_on_is_found(rnn: Trace, address: str, words: str, expected: set[str]) -> None:
    assert set(said(rnn, address, words)) == expected


def test_an_activation_has_a_slope(rnn: Trace) -> None:
    found = of(rnn, "0 forward rnn.tanh t=1", "output[2,1]")
    assert [(t.words, t.value) for t in found.terms] == [
        ("d output[2,1] / d input[2,1]", pytest.approx(1 - found.value**2, rel=1e-6))
    ]
    assert found.kind == "slopes"


def test_a_residual_adds_two() -> None:
    rng = np.random.default_rng(0)
    net = Module(Sequential([layers.Linear(3, 3, rng=0), layers.Residual(layers.Linear(3, 3, rng=1), layers.Tanh())]))
    data = DataLoader(rng.standard_normal((8, 3)), rng.standard_normal((8, 3)), 4)
    trace = Session(Training(net, SquareLoss(net.backward), SGD(net, 0.1), data)).trace(0)
    assert set(said(trace, "0 forward residual", "output[1,2]")) == {
        "input[1,2] of forward residual",
        "output[1,2] of forward residual.sequential.tanh",
    }


@pytest.mark.parametrize("name", ["rnn-sin-cos", "lstm-sin-cos", "xor", "mnist-mlp", "rnn-sin-cos-seed"])
def test_any_number_can_be_followed_to_where_it_began(name: str) -> None:
    settings = SMALL if "sin" in name else {}
    trace, rng = Session(scenarios.find(name).build(settings=settings)).trace(0), np.random.default_rng(0)
    ended = 0
    for _ in range(12):
        event = trace.events[int(rng.integers(len(trace.events)))]
        if not (names := [n for n in event.tensors if "." not in n]):
            continue
        tensor = str(rng.choice(names))
        index = tuple(int(rng.integers(n)) for n in event.tensors[tensor].shape)
        place = Place(event.index, tensor, index)
        for _ in range(200):
            try:
                found = sources(trace, place)
            except MtorchError as error:
                known = ("comes from outside the network", "the optimiser's work", "is 0, and so are all its terms")
                assert any(words in str(error) for words in known)
                ended += 1
                break
            if found.kind == "sum" and "seed" not in name:
                assert abs(found.off) <= 1e-5 * max(1e-3, abs(found.value), *(abs(t.value) for t in found.terms))
            if not (places := [p for term in found.terms[:1] for p in term.places if p != place]):
                ended += 1
                break
            place = places[0]
        else:
            raise AssertionError(f"{place} goes round in circles")
    assert ended


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("inputt[0,0]", "no tensor here is called 'inputt'; did you mean 'input'?"),
        ("input[0]", "input has shape (4, 5): expected a cell such as input[0,0]"),
        ("input[4,0]", "input has shape (4, 5)"),
        ("input", "input has shape (4, 5)"),
        ("input[a]", "no tensor here is called"),
        ("", "no tensor here is called ''"),
    ],
)
def test_a_cell_that_is_none(rnn: Trace, words: str, error: str) -> None:
    with pytest.raises(MtorchError) as caught:
        of(rnn, "0 forward rnn.linear t=1", words)
    assert error in str(caught.value)


def test_a_cell_from_the_end(rnn: Trace) -> None:
    assert of(rnn, "0 forward rnn.linear t=1", "output[-1, -1]").place.cell == (3, 3)


def test_what_somebody_s_own_layer_made_is_not_said_to_come_from_nowhere() -> None:
    whole = Session(scenarios.find("xor").build()).trace(0)
    recorded = replace(whole, events=tuple(replace(event, call=None) for event in whole.events))
    for phase, tensor, of in (("backward", "grad_input", "grad_output"), ("forward", "output", "input")):
        event = next(e for e in recorded.events if str(e.address).startswith(f"0 {phase}") and "tanh" in e.address.path)
        with pytest.raises(MtorchError, match=rf"^how tanh made {tensor}\[0,0\] of {of} \(norm .*\) was not recorded"):
            sources(recorded, Place(event.index, tensor, (0, 0)))
