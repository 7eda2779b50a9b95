from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

import scenarios
from mtorch.debug.events import Address, Event
from mtorch.debug.session import Session
from mtorch.debug.timeline import MOVES, Position

Shape = list["Shape"]
shapes = st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=4), max_leaves=15)


def tree(roots: Shape) -> tuple[Event, ...]:
    """Events of that shape: a list has its children inside."""
    events: list[Event] = []

    def put(shape: Shape, depth: int, parent: int | None) -> None:
        index = len(events)
        events.append(Event(index, Address(0, "forward"), "", depth, parent, 0))
        for child in shape:
            put(child, depth + 1, index)
        events[index] = Event(index, Address(0, "forward"), "", depth, parent, len(events))

    for root in roots or [[]]:
        put(root, 0, None)
    return tuple(events)


@given(shapes)
def test_every_move_stays_within_one_step_of_the_trace(shape: Shape) -> None:
    events = tree(shape)
    for move in MOVES.values():
        for event in events:
            assert -1 <= move(events, event.index) <= len(events)


@given(shapes)
def test_moves_forward_go_forward_and_back_ones_back(shape: Shape) -> None:
    events = tree(shape)
    for name, move in MOVES.items():
        for event in events:
            assert (move(events, event.index) > event.index) != name.startswith("back")


@given(shapes)
def test_back_over_undoes_over_on_one_level(shape: Shape) -> None:
    events = tree(shape)
    for event in events:
        there = MOVES["over"](events, event.index)
        if there < len(events) and events[there].parent == event.parent:
            assert MOVES["back-over"](events, there) == event.index


@given(shapes)
def test_finish_comes_out_behind_what_we_were_inside_of_and_back_finish_at_it(shape: Shape) -> None:
    events = tree(shape)
    for event in events:
        if event.parent is not None:
            assert MOVES["finish"](events, event.index) == events[event.parent].end
            assert MOVES["back-finish"](events, event.index) == event.parent


@cache
def session() -> Session:
    return Session(scenarios.find("rnn-sin-cos").build(settings={"hidden": 2, "seq": 2, "batch": 2}), every=4)


def length() -> int:
    return len(session().trace(0).events)


@given(st.integers(0, 3), st.integers(0, 20), st.integers(0, 60))
def test_n_steps_forward_and_n_back_are_the_identity(iteration: int, event: int, steps: int) -> None:
    start = position = Position(iteration, min(event, length() - 1))
    for _ in range(steps):
        position = session().move(position, "into")
    for _ in range(steps):
        position = session().move(position, "back-into")
    assert position == start


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=40))
def test_any_moves_stay_in_the_run(moves: list[str]) -> None:
    position = Position(0, 0)
    for move in moves:
        position = session().move(position, move)
        assert position.iteration >= 0
        assert 0 <= position.event < len(session().trace(position.iteration).events)


def test_moves_cross_the_end_and_the_start_of_an_iteration() -> None:
    update = max(e.index for e in session().trace(0).events if e.depth == 0)
    assert session().move(Position(0, length() - 1), "into") == Position(1, 0)
    assert session().move(Position(0, update), "over") == Position(1, 0)
    assert session().move(Position(1, 0), "back-into") == Position(0, length() - 1)
    assert session().move(Position(1, 0), "back-over") == Position(0, update)
    assert session().move(Position(1, 0), "back-finish") == Position(0, 0)


def test_there_is_nothing_before_the_start() -> None:
    for move in ("back-into", "back-over", "back-finish"):
        assert session().move(Position(0, 0), move) == Position(0, 0)
