from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import scenarios
from mtorch.debug.checkpoints import SPAN, SPARSEST, Checkpoints
from mtorch.debug.session import Session
from mtorch.training import State


def state(number: int) -> State:
    return State({"w": np.full(100, float(number))}, {"steps": np.array(number)})


SIZE = 808


@given(st.lists(st.integers(1, 500), unique=True), st.integers(1, 20), st.integers(1, 12))
def test_states_stay_within_the_budget_and_the_first_stays(numbers: list[int], room: int, every: int) -> None:
    kept = Checkpoints(0, state(0), every, budget=room * SIZE)
    for number in sorted(numbers):
        if kept.due(number):
            kept.add(number, state(number))
        assert kept.size <= max(room, 1) * SIZE
        assert kept.size == len(kept.within(0, 1000)) * SIZE
    for at in (0, 7, 250, 999):
        before = kept.before(at)
        assert before == max(n for n in kept.within(0, 1000) if n <= at)
        assert kept.state(before).model["w"][0] == before


def test_over_the_budget_the_spacing_doubles() -> None:
    kept = Checkpoints(0, state(0), 4, budget=5 * SIZE)
    for number in range(0, 41, 4):
        if kept.due(number):
            kept.add(number, state(number))
    assert (kept.every, kept.within(0, 100)) == (16, [0, 16, 32])


def test_a_state_that_does_not_fit_is_the_only_one() -> None:
    kept = Checkpoints(3, state(3), 1, budget=10)
    for number in (4, 5, 6):
        if kept.due(number):
            kept.add(number, state(number))
    assert kept.within(0, 10) == [3]


def test_what_is_kept_is_a_copy() -> None:
    mine = state(0)
    kept = Checkpoints(0, mine)
    mine.model["w"] += 1
    assert kept.state(0).model["w"][0] == 0


def test_the_spacing_follows_what_an_iteration_takes_once() -> None:
    kept = Checkpoints(0, state(0))
    kept.pace(SPAN / 100)
    assert kept.every == 128
    kept.pace(SPAN)
    assert kept.every == 128
    for seconds, every in ((0.0, SPARSEST), (1e3, 1)):
        kept = Checkpoints(0, state(0))
        kept.pace(seconds)
        assert kept.every == every


def test_a_run_within_a_budget_can_still_go_anywhere() -> None:
    build = scenarios.find("xor").build
    large, small = Session(build(), every=4), Session(build(), every=4, budget=3000)
    assert [small.trace(i).loss for i in (300, 3, 150)] == [large.trace(i).loss for i in (300, 3, 150)]
    assert len(small.checkpoints.within(0, 400)) < len(large.checkpoints.within(0, 400)) == 76
