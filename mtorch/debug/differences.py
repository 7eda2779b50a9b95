"""Differences: two runs side by side. Where they first differ, bit for bit, and how far they part from there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from mtorch.debug.events import Event, Trace, in_time
from mtorch.debug.session import Going, Session
from mtorch.layers.base import Array
from mtorch.training import State

Alike = Callable[[Array, Array], bool]
"""Whether two arrays count as the same."""


@dataclass(frozen=True)
class Difference:
    """The first thing that two runs don't share.

    `a` and `b` are the two numbers at `index`, the cell that is furthest off; where there is none to compare they
    are words: a dtype and shape, or the event or tensor that only one of them has, None in the other. `absolute` and
    `relative` are that cell's, relative being to the larger of its two numbers. An `address` of an iteration alone is
    its start: what differs there shows in no event.
    """

    iteration: int
    address: str
    tensor: str
    index: tuple[int, ...] = ()
    a: float | str | None = None
    b: float | str | None = None
    absolute: float | None = None
    relative: float | None = None


@dataclass(frozen=True)
class Distance:
    """How far apart two runs are once an iteration is done.

    The losses are that iteration's. `parameters` is the norm of the difference of all parameters together
    over the larger of their norms; infinite where one isn't finite, None where their names or shapes differ.
    """

    iteration: int
    loss_a: float
    loss_b: float
    parameters: float | None


@dataclass(frozen=True)
class Comparison:
    """What a comparison of iterations first … stop - 1 came to."""

    first: int
    stop: int
    difference: Difference | None
    distances: tuple[Distance, ...]

    @property
    def same(self) -> bool:
        return self.difference is None


def compare(
    a: Session,
    b: Session,
    first: int,
    stop: int,
    going: Going = lambda _: True,
    told: Callable[[Comparison], Any] = lambda known: None,
) -> Comparison:
    """Run two sessions in step through iterations first … stop - 1. Raises Stopped where `going` says no.

    `told` hears after each iteration what is known by then.
    """
    # At once, as an event that only one has may change no number.
    found = differing_traces(a.trace(first, going), b.trace(first, going))
    distances, marks = [], milestones(stop - first)
    for at in range(first, stop + 1):
        one, two = peek(a, at, going), peek(b, at, going)
        if at - first in marks:
            far = relative_distance(one, two, a.training.parameters(), b.training.parameters())
            distances.append(Distance(at - 1, a.losses[at - 1], b.losses[at - 1], far))
        if found is None:
            found = differing_states(at, one, two)
            lost = at > first and not same(np.array(a.losses[at - 1]), np.array(b.losses[at - 1]))
            if found or lost:
                ran = max(first, at - 1)
                events = differing_traces(a.trace(ran, going), b.trace(ran, going))
                found = events or found or Difference(ran, f"{ran} loss", "loss", (), a.losses[ran], b.losses[ran])
        told(Comparison(first, at, found, tuple(distances)))
    return Comparison(first, stop, found, tuple(distances))


def milestones(count: int) -> set[int]:
    """1, 2, 5, 10, 20, 50, … and the count itself."""
    return {n * 10**power for power in range(len(str(count))) for n in (1, 2, 5) if n * 10**power < count} | {count}


def peek(session: Session, iteration: int, going: Going) -> State:
    """The state at the start of an iteration, by reference: for a moment's look only."""
    found: list[State] = []

    def look(_: int, state: State) -> bool:
        found.append(state)
        return True

    session.visit(iteration, iteration + 1, look, going)
    return found[0]


def are_numbers(*arrays: Array) -> bool:
    """Whether they can be a distance apart: not words, nor objects."""
    return all(array.dtype.kind in "fiubc" for array in arrays)


def identical(a: Array, b: Array) -> bool:
    """Whether two arrays are alike bit by bit, in dtype and shape too; objects, whether they are equal."""
    if a.dtype.kind == b.dtype.kind == "O":
        return a.shape == b.shape and bool(np.all(a == b))
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def same(a: Array, b: Array) -> bool:
    """The same, but that any NaN is like any other."""
    if a is b or identical(a, b):
        return True
    if a.dtype != b.dtype or a.shape != b.shape or a.dtype.kind not in "fc" or not np.isnan(a).any():
        return False
    blank = [np.where(np.isnan(x), x.dtype.type(np.nan), x).tobytes() for x in (a, b)]
    return blank[0] == blank[1]


def differing(a: Array, b: Array, tolerance: float = 0.0, largest: float | None = None) -> Array:
    """Which numbers of two arrays of one shape differ: in any bit, but that any NaN is like any other.

    With a tolerance, those that are further apart than this share of the largest finite number of both, which is
    found where it isn't given.
    """
    if tolerance and are_numbers(a, b):
        if largest is None:
            largest = max(float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x))) for x in (a, b))
        found: Array = apart(a, b)[0] > tolerance * largest
        return found
    found = a != b
    if a.dtype.kind == b.dtype.kind == "f":
        found = (found | (np.signbit(a) != np.signbit(b))) & ~(np.isnan(a) & np.isnan(b))
    return found


def likeness(tolerance: float) -> Alike:
    """Whether two arrays are the same; with a tolerance, whether none of their numbers differs by more."""
    if not tolerance:
        return same
    return lambda a, b: a is b or (a.shape == b.shape and not differing(a, b, tolerance).any())


def differing_states(iteration: int, one: State, two: State, alike: Alike = same) -> Difference | None:
    """The first array of a state that differs."""
    for mine, other in zip(one, two, strict=True):
        for name in {**mine, **other}:
            a, b = mine.get(name), other.get(name)
            if a is None or b is None or not alike(np.asarray(a), np.asarray(b)):
                return difference(iteration, str(iteration), name, a, b)
    return None


def differing_traces(one: Trace, two: Trace, alike: Alike = same) -> Difference | None:
    """The first tensor, in the order of time, that differs, or that only one has."""
    mine, other = places(one.events), places(two.events)
    for here, there in zip_longest(mine, other):
        key = here if here == there or (here is not None and here not in other) else there
        a, b = mine.get(key), other.get(key)
        if a is None or b is None or not alike(a, b):
            address, tensor, _ = key
            return difference(one.iteration, address, tensor, a, b)
    return None


def places(events: tuple[Event, ...]) -> dict[tuple[str, str, int], Array]:
    """Every tensor of a trace by address, name, and how many of that address and name were before it."""
    found: dict[tuple[str, str, int], Array] = {}
    seen: dict[tuple[str, str], int] = {}
    for event, name in in_time(events):
        key = (str(event.address), name)
        seen[key] = number = seen.get(key, -1) + 1
        found[*key, number] = event.tensors[name]
    return found


def difference(iteration: int, address: str, tensor: str, a: Array | None, b: Array | None) -> Difference:
    if a is None or b is None or a.dtype != b.dtype or a.shape != b.shape or not are_numbers(a, b):
        return Difference(iteration, address, tensor, (), make(a), make(b))
    off, share = apart(a, b)
    index = tuple(int(n) for n in np.unravel_index(int(off.argmax()), off.shape))
    numbers = (float(np.real(x[index])) for x in (a, b, off, share))
    return Difference(iteration, address, tensor, index, *numbers)


def make(array: Array | None) -> str | None:
    """float32 10x32x1, None where there is none."""
    return None if array is None else f"{array.dtype} {'x'.join(map(str, array.shape)) or 'scalar'}"


def apart(a: Array, b: Array) -> tuple[Array, Array]:
    """How far off each number is, and that as a share of the larger one; NaN is infinitely far from any number."""
    x, y = (np.asarray(z, np.complex128 if z.dtype.kind == "c" else np.float64) for z in (a, b))
    with np.errstate(all="ignore"):
        off = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(y - x))
        off = np.where(np.isnan(off), np.inf, off)
        larger = np.maximum(np.abs(x), np.abs(y))
        share = np.where(off == 0, 0.0, np.where(np.isfinite(off), off / larger, np.inf))
    return off, share


def relative_distance(one: State, two: State, *own: dict[str, Array]) -> float | None:
    """Between all parameters of two states."""
    names = list(own[0])
    pairs = [(one.model[name], two.model[name]) for name in names] if own[0].keys() == own[1].keys() else None
    if pairs is None or any(a.shape != b.shape for a, b in pairs):
        return None
    off = norm(apart(a, b)[0] for a, b in pairs)
    larger = max(norm(a for a, _ in pairs), norm(b for _, b in pairs))
    return 0.0 if off == 0 else off / larger if math.isfinite(larger) else math.inf


def norm(arrays: Iterable[Array]) -> float:
    """The root of the sum of all squares."""
    with np.errstate(all="ignore"):
        return math.sqrt(sum(float(np.sum(np.abs(a).astype(np.float64) ** 2)) for a in arrays))
