"""Moves on a timeline. A position is an iteration and an event in it; stepping back is another index, nothing runs."""

from __future__ import annotations

from typing import NamedTuple

from mtorch.debug.events import Event


class Position(NamedTuple):
    """An event, by its number, in an iteration's trace."""

    iteration: int
    event: int = 0


def into(events: tuple[Event, ...], index: int) -> int:
    """The next event, inside this one where it has any inside; len(events) is the next iteration."""
    return index + 1


def over(events: tuple[Event, ...], index: int) -> int:
    """The next event that is not inside this one."""
    return events[index].end


def finish(events: tuple[Event, ...], index: int) -> int:
    """The first event after the one that this one is inside of."""
    parent = events[index].parent
    return len(events) if parent is None else events[parent].end


def back_into(events: tuple[Event, ...], index: int) -> int:
    """The event before; -1 is the iteration before."""
    return index - 1


def back_over(events: tuple[Event, ...], index: int) -> int:
    """The event before on this level, else the one that this one is inside of."""
    parent = events[index].parent
    first = -1 if parent is None else parent
    return next((i for i in range(index - 1, first, -1) if events[i].parent == parent), first)


def back_finish(events: tuple[Event, ...], index: int) -> int:
    """The event that this one is inside of; from the outermost, the iteration before."""
    parent = events[index].parent
    return -1 if parent is None else parent


MOVES = {
    "into": into,
    "over": over,
    "finish": finish,
    "back-into": back_into,
    "back-over": back_over,
    "back-finish": back_finish,
}
