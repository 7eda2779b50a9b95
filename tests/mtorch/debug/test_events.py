from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scenarios
from mtorch import MtorchError
from mtorch.debug.events import PHASES, Address
from mtorch.debug.tracer import trace

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
