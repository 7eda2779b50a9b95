from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scenarios
from mtorch import MtorchError
from mtorch.debug.events import PHASES, Address
from mtorch.debug.tracer import trace
from tui.viewmodels.place import breadcrumb

names = st.text("abcxyz_0123456789", min_size=1, max_size=6)


@given(
    st.integers(0, 10**9 - 1),
    st.sampled_from(PHASES),
    st.lists(names, max_size=3).map(".".join),
    st.none() | st.integers(0, 10**9 - 1),
)
def test_an_address_is_read_as_it_is_written(iteration: int, phase: str, path: str, t: int | None) -> None:
    address = Address(iteration, phase, path, t)
    assert Address.parse(str(address)) == address


def test_an_iteration_alone_is_its_forward() -> None:
    assert Address.parse(" 42 ") == Address(42, "forward")


@pytest.mark.parametrize("name", ["rnn-sin-cos", "mnist-mlp"])
def test_a_breadcrumb_is_an_address(name: str) -> None:
    found = trace(scenarios.find(name).build(), 7)
    for event in found.events:
        crumb = breadcrumb(found.events, event.index)
        for text in (crumb, crumb.replace("iteration ", ""), crumb.replace("iteration", "").replace("›", "")):
            assert Address.parse(text) == event.address


def test_too_many_digits_are_told_the_limit() -> None:
    for text in ("1" * 10, "0 backward rnn t=" + "1" * 500):
        with pytest.raises(MtorchError, match="numbers of at most 9 digits"):
            Address.parse(text)


@pytest.mark.parametrize(
    "text", ["0 backward rnn.tanh t=٣", "٣ backward", "0 backward rnn tanh t=1", "0 backward a t=1 b c"]
)
def test_what_is_nearly_an_address_is_refused(text: str) -> None:
    with pytest.raises(MtorchError, match="expected ITERATION"):
        Address.parse(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "3 sideways", "3 forward a b c", "3 forward rnn t=x", "9" * 10])
def test_what_is_no_address_says_what_was_expected(text: str) -> None:
    with pytest.raises(MtorchError, match=r"expected ITERATION \[forward\|loss\|backward\|update\]"):
        Address.parse(text)


def test_every_event_is_found_by_its_own_address() -> None:
    found = trace(scenarios.find("rnn-sin-cos").build(), 0)
    for event in found.events:
        assert found.events[found.find(event.address)].address == event.address


def test_what_is_not_there_is_said_with_what_is() -> None:
    found = trace(scenarios.find("rnn-sin-cos").build(), 0)
    with pytest.raises(MtorchError, match=r"nothing at '0 backward lstm t=3'; backward has linear, rnn"):
        found.find(Address(0, "backward", "lstm", 3))


def test_a_time_step_that_is_not_there_is_told_which_are() -> None:
    found = trace(scenarios.find("rnn-sin-cos").build(), 0)
    with pytest.raises(MtorchError, match=r"nothing at '0 backward rnn t=99'; there, t is 0…9"):
        found.find(Address(0, "backward", "rnn", 99))
    with pytest.raises(MtorchError, match=r"nothing at '0 backward linear t=0'; there are no time steps"):
        found.find(Address(0, "backward", "linear", 0))
