"""Origins: where a number was changed, and where the first one that isn't finite was born."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import count

import numpy as np

from mtorch.debug.branches import BranchSession, before_edits, require_cell
from mtorch.debug.diagnosis.finite import first_not_finite, is_finite
from mtorch.debug.events import Address
from mtorch.debug.session import Going, Session
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError, unknown
from mtorch.layers.base import Array
from mtorch.training import State


def last_change(
    session: Session,
    path: str,
    index: tuple[int, ...],
    position: Position,
    by: float = 0.0,
    going: Going = lambda _: True,
) -> Position | None:
    """Back to the update that last changed a number of a parameter by more than `by`; None where none did.

    The index () stands for all of its numbers: a change of any is one. The update is before the position. Where a
    branch's edit set the number, it is the start of the branch. Nothing is traced until it is found: states between
    checkpoints are run again, the latest first. Raises MtorchError for a parameter that isn't there, or an index that
    isn't in it; Stopped.
    """
    stop = first_after(session, path, index, position, going)
    now = value(session, stop, path, index, going)
    while stop > 0:
        runner = before_edits(session, stop)
        if runner is not session:
            before = value(runner, stop, path, index, going)
            if changed(before, now, by) and edits_at(session, stop) and Position(stop, 0) < position:
                return Position(stop, 0)
            session, now = runner, before
        first = session.since(stop - 1)
        numbers = [*values(session, first, stop, path, index, going), now]
        for iteration in reversed(range(first, stop)):
            if changed(numbers[iteration - first], numbers[iteration - first + 1], by):
                return update_of(session, path, iteration, going)
        now, stop = numbers[0], first
    return None


def next_change(
    session: Session,
    path: str,
    index: tuple[int, ...],
    position: Position,
    by: float = 0.0,
    going: Going = lambda _: True,
    stop: int | None = None,
) -> Position | None:
    """The same forwards, from the position on: runs until there is a change, to iteration `stop`, or Stopped."""
    start = first_after(session, path, index, position, going)
    start += update_of(session, path, start, going) == position  # from an update, on to the next
    now = value(session, start, path, index, going)
    for iteration in count(start) if stop is None else range(start, stop):
        after = value(before_edits(session, iteration + 1), iteration + 1, path, index, going)
        if changed(now, after, by):
            return update_of(session, path, iteration, going)
        now = value(session, iteration + 1, path, index, going)
        if changed(after, now, by):
            return Position(iteration + 1, 0)
    return None


def first_after(session: Session, path: str, index: tuple[int, ...], position: Position, going: Going) -> int:
    """The first iteration whose update of a parameter is at the position or after it."""
    known = session.parameters(position.iteration, going)
    if path not in known:
        raise MtorchError(unknown("parameter", path, known))
    if index:
        require_cell(path, index, known[path])
    return position.iteration + (update_of(session, path, position.iteration, going) < position)


def update_of(session: Session, path: str, iteration: int, going: Going) -> Position:
    """Where an iteration updates a parameter."""
    return session.goto(Address(iteration, "update", path), going)


def edits_at(session: Session, iteration: int) -> bool:
    return isinstance(session, BranchSession) and session.at == iteration


def value(session: Session, iteration: int, path: str, index: tuple[int, ...], going: Going) -> Array:
    return values(session, iteration, iteration + 1, path, index, going)[0]


def values(session: Session, first: int, stop: int, path: str, index: tuple[int, ...], going: Going) -> list[Array]:
    """A parameter's number, or all of them, at the start of each iteration of first … stop - 1."""
    found: list[Array] = []

    def look(_: int, state: State) -> bool:
        found.append(np.array(state.model[path][index], np.float64))
        return False

    session.visit(first, stop, look, going)
    return found


def changed(old: Array, new: Array, by: float) -> bool:
    """Whether any number moved by more than `by`; to NaN and from it is more than anything."""
    with np.errstate(invalid="ignore"):
        still = (old == new) | (np.isnan(old) & np.isnan(new)) | (np.abs(new - old) <= by)
    return not np.all(still)


def born(session: Session, position: Position, going: Going = lambda _: True) -> Position | None:
    """The event where the run's first number that isn't finite was born, at or before a position; None where all is.

    All that went into that event was finite. Where such a number came with a batch, was there from the start or was
    set by a branch, it is the first event that it went into, which may be after the position. Losses and checkpoints
    tell the iteration, taking it that a state never gets finite again; what reached neither is seen at the position's
    own iteration only.
    """
    last = position.iteration
    for iteration in suspects(session, last, going):
        if found := first_not_finite(session.trace(iteration, going)):
            there = Position(iteration, found[0].index)
            given = edits_at(session, iteration) or not finite_state(session.state(iteration, going))
            if there <= position or given:
                return there
    return None


def suspects(session: Session, last: int, going: Going) -> list[int]:
    """The iterations, to `last`, in which the first number that isn't finite may have been born."""
    if not hasattr(session, "training"):
        return [iteration for begin, end in session.stretches(0, last + 1) for iteration in range(begin, end)]
    session.seek(last, going)
    suspect = first_suspect(session, last, going)
    return [last] if suspect is None else [suspect, last]


def first_suspect(session: Session, last: int, going: Going) -> int | None:
    """The first iteration, to `last`, whose loss isn't finite, or that starts from or leaves a state that isn't."""
    first = 0
    if isinstance(session, BranchSession):
        first = session.at
        found = first_suspect(session.parent, min(last, first - 1), going) if first else None
        if found is not None or last < first:
            return found
    points = session.checkpoints.within(first, last + 1)
    beyond = bisect_left(points, True, key=lambda point: not finite_state(session.checkpoints.state(point)))
    if beyond == 0:
        return first
    upper = points[beyond] if beyond < len(points) else last + 1
    left = session.visit(points[beyond - 1] + 1, upper + 1, lambda _, state: not finite_state(state), going)
    lost = (i for i, loss in enumerate(session.losses[: last + 1]) if i >= first and not math.isfinite(loss))
    return min((i for i in (next(lost, None), None if left is None else left - 1) if i is not None), default=None)


def finite_state(state: State) -> bool:
    return all(is_finite(np.asarray(array)) for part in state for array in part.values())
