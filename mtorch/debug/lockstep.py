"""Lockstep: two runs at the same place. What differs in one iteration of both, and where the next difference is."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from mtorch.debug.branches import BranchSession, lineage, parting
from mtorch.debug.differences import Alike, apart, differing_states, likeness, peek, same
from mtorch.debug.events import Event, Trace
from mtorch.debug.session import Going, Session, Stopped, remember
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError

FAR = 1000
"""Iterations that are looked through for a difference before it is said that there is none."""

STRETCH = 32
"""Iterations whose states are looked at together, when going back."""


@dataclass(frozen=True, eq=False)
class Step:
    """One iteration of two runs. `two` is None where the other run has none; `why` then says why.

    An event's counterpart has the same phase, path and t, and as many of these before it in its trace.
    """

    one: Trace
    two: Trace | None
    alike: Alike = same
    why: str = ""
    _known: dict[tuple[int, int], bool] = field(default_factory=dict)
    _furthest: dict[tuple[int, str], tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def _there(self) -> dict[tuple[object, ...], Event]:
        return dict(numbered(self.two)) if self.two else {}

    @cached_property
    def pairs(self) -> Mapping[int, Event]:
        """The other run's events by the number of this one's."""
        there = self._there
        return {event.index: there[key] for key, event in numbered(self.one) if key in there}

    @cached_property
    def extra(self) -> tuple[Event, ...]:
        """The events that only the other run has."""
        paired = {event.index for event in self.pairs.values()}
        return tuple(event for event in self._there.values() if event.index not in paired)

    @cached_property
    def differing(self) -> Mapping[int, tuple[str, ...]]:
        """By event, its tensors that differ in the other run, or that it hasn't; events without any are left out."""
        if self.two is None:
            return {}
        found = {event.index: tuple(n for n in event.tensors if self._differs(event, n)) for event in self.one.events}
        return {index: names for index, names in found.items() if names}

    def _differs(self, event: Event, name: str) -> bool:
        there = self.pairs.get(event.index)
        a, b = event.tensors[name], there.tensors.get(name) if there else None
        if b is None:
            return True
        key = (id(a), id(b))  # a time step shows the arrays of what is inside it
        if key not in self._known:
            self._known[key] = not self.alike(a, b)
        return self._known[key]

    def furthest(self, index: int, name: str) -> tuple[float, float]:
        """How far the two numbers of a tensor are apart that are furthest, and that as a share of the larger one.

        Of a tensor that both runs have in one shape, with at least one number.
        """
        if (index, name) not in self._furthest:
            off, share = apart(self.one.events[index].tensors[name], self.pairs[index].tensors[name])
            cell = int(np.argmax(off))
            self._furthest[index, name] = float(off.flat[cell]), float(share.flat[cell])
        return self._furthest[index, name]

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """The events where numbers come apart, in order: what went in differs, or what came out and nothing inside.

        That an event's results differ because what is inside it does is no news.
        """
        return tuple(index for index in self.differing if self._news(self.one.events[index]))

    def _news(self, event: Event) -> bool:
        inside = any(index in self.differing for index in range(event.index + 1, event.end))
        step = event.label == f"t={event.address.t}"  # which only collects the tensors of what is inside
        own = any(name not in event.results for name in self.differing[event.index])
        return not inside or (own and not step)

    def next(self, event: int, back: bool = False) -> int | None:
        """The first of the stops after an event, or with `back` the last before; None where there is none."""
        found = [index for index in self.stops if (index < event if back else index > event)]
        return (found[-1] if back else found[0]) if found else None


def numbered(trace: Trace) -> Iterator[tuple[tuple[object, ...], Event]]:
    """Each event, by its phase, path, t and label, and how many of these were before it."""
    seen: dict[tuple[object, ...], int] = {}
    for event in trace.events:
        address = event.address
        key = (address.phase, address.path, address.t, event.label == f"t={address.t}")
        seen[key] = number = seen.get(key, -1) + 1
        yield (*key, number), event


class Other:
    """The run that is beside another one, and what it is called. `shown` is the step that is on the screen.

    `seconds` is what the latest comparison took.

    Numbers differ in any bit, or by more than `tolerance`: see differences.differing.
    """

    def __init__(self, session: Session, name: str, tolerance: float = 0.0) -> None:
        self.session, self.name, self.tolerance = session, name, tolerance
        self.alike = likeness(tolerance)
        self.shown: Step | None = None
        self.seconds = 0.0
        self._steps: OrderedDict[int, Step] = OrderedDict()

    def step(self, one: Trace, going: Going = lambda _: True) -> Step:
        """The other run's iteration beside one's trace, compared. Raises Stopped where `going` says no on the way."""
        known = self._steps.get(one.iteration)
        if known is None or known.one is not one:
            try:
                known = Step(one, self.session.trace(one.iteration, going), self.alike)
            except Stopped:
                raise
            except Exception as error:
                words = str(error) if isinstance(error, MtorchError) else f"{type(error).__name__}: {error}"
                known = Step(one, None, why=words)
            began = time.perf_counter()
            _ = known.differing
            self.seconds = time.perf_counter() - began
            remember(self._steps, one.iteration, known)
        return known

    def cost(self, iteration: int) -> float:
        """Seconds that a step of that iteration should take; nothing where it is at hand."""
        if iteration in self._steps:
            return 0.0
        return self.seconds + self.session.distance(iteration) * self.session.seconds


def next_divergence(
    session: Session, other: Other, at: Position, going: Going = lambda _: True, most: int = FAR
) -> Position | None:
    """The first event after a position whose numbers differ in the other run; None in so many iterations.

    Iterations are traced only where states or losses differ, if both runs are of one make. Raises Stopped.
    """
    event = at.event
    for iteration in range(at.iteration, at.iteration + most):
        if iteration == at.iteration or suspect(session, other, iteration, going):
            found = compared(session, other, iteration, going).next(event)
            if found is not None:
                return Position(iteration, found)
        event = -1
    return None


def previous_divergence(session: Session, other: Other, at: Position, going: Going = lambda _: True) -> Position | None:
    """The last event before a position whose numbers differ; None back to where the runs part. Raises Stopped."""
    found = compared(session, other, at.iteration, going).next(at.event, back=True)
    if found is not None:
        return Position(at.iteration, found)
    start, stop = shared(session, other.session), at.iteration
    while stop > start:
        first = max(start, stop - STRETCH)
        for iteration in reversed([i for i in range(first, stop) if suspect(session, other, i, going)]):
            step = compared(session, other, iteration, going)
            found = step.next(len(step.one.events), back=True)
            if found is not None:
                return Position(iteration, found)
        stop = first
    return None


def shared(a: Session, b: Session) -> int:
    """How many iterations two sessions have in common: those before the branches of one trunk part."""
    branches = isinstance(a, BranchSession) or isinstance(b, BranchSession)
    return parting(a, b) if branches and list(lineage(a))[-1] is list(lineage(b))[-1] else 0


def compared(session: Session, other: Other, iteration: int, going: Going) -> Step:
    """A step, that the other run has. Raises MtorchError that says why where it hasn't."""
    if not going(iteration):
        raise Stopped
    step = other.step(session.trace(iteration, going), going)
    if step.two is None:
        raise MtorchError(f"{other.name}: {step.why}")
    return step


def suspect(session: Session, other: Other, iteration: int, going: Going) -> bool:
    """Whether an iteration must be traced to see if it differs: not where states and losses are the same, bit by bit,
    in two runs of the same classes.
    """
    a, b = session, other.session
    if not going(iteration):
        raise Stopped
    if (made := make(a)) is None or made != make(b):
        return True
    for at in (iteration, iteration + 1):
        if differing_states(at, peek(a, at, going), peek(b, at, going)) is not None:
            return True
    return not same(np.array(a.losses[iteration]), np.array(b.losses[iteration]))


def make(session: Session) -> tuple[type, ...] | None:
    """What a training is made of; None of a stranger's program, and of what can't be run."""
    training: Any = getattr(session, "training", None)
    if not hasattr(training, "model"):
        return None
    return (*map(type, training.model.layers()), type(training.loss), type(training.optimizer))
