"""Hits: the next event that a breakpoint stops at, or the one before; without tracing or running where that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from mtorch.debug.branches import BranchSession, before_edits, lineage
from mtorch.debug.breakpoints import (
    NORMS,
    SCALARS,
    Breakpoint,
    in_state,
    is_norm,
    parameter_of,
    stops,
)
from mtorch.debug.conditions import INCREASE, Term
from mtorch.debug.events import Address, Trace
from mtorch.debug.session import Going, Session, Stopped
from mtorch.debug.timeline import Position
from mtorch.debug.watching import Watch
from mtorch.errors import MtorchError
from mtorch.layers.base import Array
from mtorch.naming import paths
from mtorch.training import State

MOST = 65_536
"""Iterations that are looked through for one breakpoint before the others have their turn."""

WHOLE = 10**9
"""From here on whole numbers are shown rounded, too."""

TRACED = 16
"""Iterations that are traced forwards, backwards in time, before those before them are."""


class Hit(NamedTuple):
    """Where a breakpoint stops, and what to say of it."""

    position: Position
    breakpoint: Breakpoint
    words: str


class Finder(Protocol):
    """Looks for one breakpoint's hits: all of an iteration, the first or the last of iterations first … stop - 1."""

    breakpoint: Breakpoint

    def all(self, iteration: int) -> list[Hit]: ...

    def first(self, first: int, stop: int) -> Hit | None: ...

    def last(self, first: int, stop: int) -> Hit | None: ...


def next_hit(
    session: Session, breakpoints: Iterable[Breakpoint], position: Position, going: Going = lambda _: True
) -> Hit:
    """The first event after a position that an enabled breakpoint stops at. Runs until there is one, or Stopped.

    Raises MtorchError where none can hit any more, by what their conditions say of the iteration, or as the run ends.
    """
    enabled = [breakpoint for breakpoint in breakpoints if breakpoint.enabled]
    finders = finders_of(session, enabled, going)
    here = [hit for finder in finders for hit in finder.all(position.iteration) if hit.position > position]
    if here:
        return together(here, min(hit.position for hit in here))
    first, size, most = position.iteration + 1, 1, session.reach or MOST
    while True:
        finders = [finder for finder in finders if finder.breakpoint.latest >= first]
        if not finders:
            raise MtorchError(f"{over(enabled)} can't come true after iteration {max(b.latest for b in enabled):.0f}")
        if first >= session.end:
            raise MtorchError(f"no hit after this: {session.horizon}; {over(enabled)}; {session.reason}")
        found, stop = [], int(min(first + size, session.end))
        for finder in finders:
            if (hit := finder.first(first, stop)) is not None:
                found.append(hit)
                stop = min(stop, hit.position.iteration + 1)
        if found:
            return together(found, min(hit.position for hit in found))
        first, size = first + size, min(2 * size, most)


def previous_hit(
    session: Session, breakpoints: Iterable[Breakpoint], position: Position, going: Going = lambda _: True
) -> Hit | None:
    """The last event before a position that an enabled breakpoint stops at, None back to the start of the run."""
    finders = finders_of(session, breakpoints, going)
    beside = finders if position.event else []  # at its start nothing of an iteration is before
    here = [hit for finder in beside for hit in finder.all(position.iteration) if hit.position < position]
    stop, size = position.iteration, 1
    while not here and stop > 0:
        first = beginning = max(0, stop - size)
        for finder in finders:
            if (hit := finder.last(first, stop)) is not None:
                here.append(hit)
                first = max(first, hit.position.iteration)
        stop, size = beginning, min(2 * size, MOST)
    return together(here, max(hit.position for hit in here)) if here else None


def together(hits: Iterable[Hit], position: Position) -> Hit:
    """The hits at a position as one, which is the lowest number's and says all."""
    there = sorted((hit for hit in hits if hit.position == position), key=lambda hit: hit.breakpoint.number)
    return there[0]._replace(words="; ".join(hit.words for hit in there))


def over(breakpoints: Iterable[Breakpoint]) -> str:
    """What can't hit any more, in words."""
    return " and ".join(f"{name(breakpoint)}: {breakpoint.what}" for breakpoint in breakpoints)


def finders_of(session: Session, breakpoints: Iterable[Breakpoint], going: Going) -> list[Finder]:
    """One for each that is enabled, the cheapest first: what they find, the others needn't look beyond."""
    enabled = [breakpoint for breakpoint in breakpoints if breakpoint.enabled]
    if not enabled:
        raise MtorchError("expected an enabled breakpoint, got none")

    def asked(iteration: int) -> None:
        if not going(iteration):
            raise Stopped

    watches = [Watched(session, breakpoint, going, asked) for breakpoint in enabled if breakpoint.watch]
    watches.sort(key=lambda watch: -watch.covered)
    traced = [Traced(session, b, going, asked) for b in sorted(enabled, key=lambda b: b.on == "finding") if not b.watch]
    return [*watches, *traced]


def said(breakpoint: Breakpoint, value: str) -> str:
    return f"{name(breakpoint)}: {breakpoint.what}" + (f" ({value})" if value else "")


def name(breakpoint: Breakpoint) -> str:
    return f"{'watch' if breakpoint.watch else 'breakpoint'} {breakpoint.number}"


def shown(value: float) -> str:
    return f"{value:.0f}" if value == round(value, 0) and abs(value) < WHOLE else f"{value:.3g}"


def values_shown(values: Mapping[Term, Any]) -> str:
    """The numbers that a condition was true of, with their names: loss = 0.497, iteration = 20."""
    # Of "increase" the loss itself is what one wants to see, and it stands beside the event.
    return ", ".join(f"{term} = {shown(float(value))}" for term, value in values.items() if str(term) != INCREASE)


class Traced:
    """Looks at the events of each iteration; for `on finding`, at its report.

    Where a condition is about nothing but the loss and the iteration, these alone say which iterations to look at.
    """

    def __init__(self, session: Session, breakpoint: Breakpoint, going: Going, asked: Callable[[int], None]) -> None:
        self.session, self.breakpoint, self.going, self.asked = session, breakpoint, going, asked
        names = {str(term) for term in breakpoint.condition.terms} if breakpoint.condition else set()
        self.scalar, self.of_loss = bool(names) and names <= set(SCALARS), "loss" in names
        self.losses = np.array(session.losses if self.of_loss else [])

    def all(self, iteration: int) -> list[Hit]:
        self.asked(iteration)
        found = self._findings(iteration) if self.breakpoint.on == "finding" else self._events(iteration)
        return [Hit(Position(iteration, event), self.breakpoint, said(self.breakpoint, v)) for event, v in found]

    def _findings(self, iteration: int) -> list[tuple[int, str]]:
        marked = self.session.report(iteration, self.going).marked
        return [(event, marked[event][0].cause) for event in sorted(marked)]

    def _events(self, iteration: int) -> Iterator[tuple[int, str]]:
        for event, values in stops(self.breakpoint, self.session.trace(iteration, self.going)):
            yield event, values_shown(values)

    def _iterations(self, first: int, stop: int) -> Iterator[int]:
        """Those of first … stop - 1 that may have a hit. A loss that isn't known yet is run for, without a trace."""
        condition = self.breakpoint.condition
        if condition is None or not self.scalar:
            for begin, end in self.session.stretches(first, stop):
                yield from range(begin, end)
            return
        self.asked(first)
        known = max(first, min(stop, len(self.losses))) if self.of_loss else stop
        numbers = np.arange(first, known, dtype=np.float64)
        values = {t: self.losses[first:known] if str(t) == "loss" else numbers for t in condition.terms}
        yield from (first + np.flatnonzero(condition.evaluate(values))).tolist()
        for iteration in range(known, stop):
            self.session.seek(iteration + 1, self.going)
            loss = self.session.losses[iteration]
            if condition.evaluate({t: loss if str(t) == "loss" else float(iteration) for t in condition.terms}):
                yield iteration

    def first(self, first: int, stop: int) -> Hit | None:
        return next((hit for iteration in self._iterations(first, stop) for hit in self.all(iteration)), None)

    def last(self, first: int, stop: int) -> Hit | None:
        # A report costs so much more than running to its iteration that none is made for nothing.
        size = 1 if self.scalar or self.breakpoint.on == "finding" else TRACED
        iterations = list(self._iterations(first, stop))
        for end in range(len(iterations), 0, -size):
            if found := [hit for iteration in iterations[max(0, end - size) : end] for hit in self.all(iteration)]:
                return found[-1]
        return None


class Found(NamedTuple):
    """An iteration that a watch hits, and the number to show."""

    iteration: int
    value: str


class Watched:
    """Looks at numbers of whole iterations: at series as far as they are at hand, else at states and norms.

    `covered` is how many iterations from the run's start series answer for all terms of the condition.
    """

    def __init__(self, session: Session, breakpoint: Breakpoint, going: Going, asked: Callable[[int], None]) -> None:
        assert breakpoint.condition is not None
        self.session, self.breakpoint, self.going, self.asked = session, breakpoint, going, asked
        self.condition, self.state = breakpoint.condition, session.present()
        losses = session.series("loss")
        self.losses = np.array([]) if losses is None else losses
        self.columns = {term: self._column(term) for term in self.condition.terms}
        self.covered = min(0 if column is None else len(column) for column in self.columns.values())

    def _column(self, term: Term) -> Array | None:
        """A term by iteration, as far as it is at hand."""
        if str(term) == "iteration":
            return np.arange(len(self.losses), dtype=np.float64)
        if str(term) == INCREASE:
            with np.errstate(all="ignore"):
                return np.diff(self.losses, prepend=np.nan) > 0
        column = self.losses if str(term) == "loss" else self.session.series(str(term))
        return None if column is None else column.astype(np.float64)

    def all(self, iteration: int) -> list[Hit]:
        hit = self.first(iteration, iteration + 1)
        return [hit] if hit is not None else []

    def first(self, first: int, stop: int) -> Hit | None:
        known = min(stop, self.covered)
        found = next(self._stored(first, known), None) if first < known else None
        if found is None and max(first, known) < stop:
            for fork, other in pairwise(self._forks(max(first, known), stop)):
                for begin, end in self.session.stretches(fork, other):
                    if ran := self._run(begin, end, at_once=True):
                        return self._hit(ran[0])
        return self._hit(found)

    def last(self, first: int, stop: int) -> Hit | None:
        known = max(first, min(stop, self.covered))
        for begin, end in reversed(self._bounds(known, stop)):
            if found := self._run(begin, end):
                return self._hit(found[-1])
        return self._hit(next(self._stored(first, known, reverse=True), None) if first < known else None)

    def _forks(self, first: int, stop: int) -> list[int]:
        """A stretch, cut where a branch begins: what was set there is no change that an iteration made."""
        forks = {s.at for s in lineage(self.session) if isinstance(s, BranchSession) and first < s.at < stop}
        return [first, *sorted(forks), stop]

    def _bounds(self, first: int, stop: int) -> list[tuple[int, int]]:
        """The parts of a stretch, each of which can be run from a checkpoint. A branch's beginning is one."""
        if not hasattr(self.session, "training") or first >= stop:
            return self.session.stretches(first, stop)
        cuts, end = {first, stop}, stop
        for session in lineage(self.session):
            cuts.update(session.checkpoints.within(first + 1, end))
            end = min(end, session.at) if isinstance(session, BranchSession) else end
        return list(pairwise(sorted(cuts)))

    def _hit(self, found: Found | None) -> Hit | None:
        if found is None:
            return None
        words = said(self.breakpoint, found.value)
        try:
            event = self._event(self.session.trace(found.iteration, self.going))
        except MtorchError as error:  # of a recording that can't be run again the numbers tell all the same
            raise MtorchError(f"{words}, in iteration {found.iteration}; but {error}") from None
        return Hit(Position(found.iteration, event), self.breakpoint, words)

    def _event(self, trace: Trace) -> int:
        """Where the first parameter that is watched is updated; without any, the loss."""
        owners = (parameter_of(term, self.state) for term in self.condition.terms)
        path = next(filter(None, owners), None)
        scalar = all(str(term) in ("loss", "iteration", INCREASE) for term in self.condition.terms)
        places = [("loss", "")] if scalar else [("update", path or ""), ("update", "")]
        for phase, at in places:
            for event in trace.events:
                if (event.address.phase, event.address.path) == (phase, at):
                    return event.index
        return len(trace.events) - 1

    def _became(self, before: Any, after: Any) -> Any:
        """Whether there is a hit between two values of the condition, number by number."""
        if str(self.condition) == INCREASE:  # the loss went up: each time is a change
            return after
        if self.condition.truth:
            return np.logical_and(after, np.logical_not(before))
        return (np.not_equal(before, after)) & ~(np.isnan(before) & np.isnan(after))

    def _stored(self, first: int, stop: int, reverse: bool = False) -> Iterator[Found]:
        """The hits among iterations whose series are at hand: nothing is run."""
        self.asked(first)
        start = max(0, first - 1)
        values = {}
        for term, column in self.columns.items():
            assert column is not None
            part = column[start:stop]
            values[term] = part if first else np.insert(part, 0, self._scalar(term, -1))
        made = np.broadcast_to(self.condition.evaluate(values), stop - first + 1)
        hits = self._became(made[:-1], made[1:])
        if not self.condition.truth and first == 0:
            hits[0] = hits[0] and not np.isnan(made[0])
        for at in np.flatnonzero(hits)[:: -1 if reverse else 1]:
            own = {term: part[at + 1] for term, part in values.items()}
            yield Found(first + int(at), self._shown(made[at], made[at + 1], own))

    def _shown(self, before: Any, after: Any, values: dict[Term, Any]) -> str:
        if not self.condition.truth:
            return f"{shown(before)} → {shown(after)}"
        return values_shown(values)

    def _run(self, first: int, stop: int, at_once: bool = False) -> list[Found]:
        """The hits among iterations first … stop - 1, by running them; `at_once` only the first."""
        found: list[Found] = []
        before: Any = None
        session = before_edits(self.session, stop)
        steps = Steps([term for term in self.condition.terms if not self._at_hand(term, stop - 1)])

        def look(iteration: int, state: State) -> bool:
            nonlocal before
            self.asked(iteration)
            if iteration == first:  # the latest step may be of an iteration before the last one
                steps.norms.clear()
            values = {term: self._value(term, iteration - 1, state, steps.norms) for term in self.condition.terms}
            steps.norms.clear()
            now = self.condition.evaluate(values)
            # Of a number there may be nothing before the run's start to differ from.
            told = iteration > first and (self.condition.truth or iteration > first + 1 or not np.isnan(before))
            if told and self._became(before, now):
                found.append(Found(iteration - 1, self._shown(before, now, values)))
            before = now
            return at_once and bool(found)

        with Watch(steps.targets(session), steps):
            session.visit(first, stop + 1, look, self.going)
        return found

    def _at_hand(self, term: Term, iteration: int) -> bool:
        """Whether a term can be had without listening to the optimiser."""
        column = self.columns[term]
        return not is_norm(term, self.state) or (column is not None and len(column) > iteration)

    def _value(self, term: Term, iteration: int, state: State, norms: Mapping[Term, float]) -> Any:
        """A term after an iteration, which ends in the state, and had these norms."""
        if str(term) in ("loss", "iteration", INCREASE):
            return self._scalar(term, iteration)
        if not is_norm(term, self.state):
            try:
                return in_state(term, state)
            except MtorchError:  # what an optimiser keeps is not there before its first step
                return float("nan")
        column = self.columns[term]
        if iteration < 0 or (column is not None and len(column) > iteration):
            return self._scalar(term, iteration)
        return norms[term] if term in norms else norm(self.session.trace(iteration, self.going), term)

    def _scalar(self, term: Term, iteration: int) -> Any:
        losses = self.session.losses
        if str(term) == "iteration":
            return float(iteration)
        if str(term) == INCREASE:
            return iteration > 0 and losses[iteration] > losses[iteration - 1]
        if iteration < 0:
            return float("nan")
        column = self.columns[term]
        return losses[iteration] if column is None or str(term) == "loss" else column[iteration]


class Steps:
    """Listens to an optimiser's steps: `norms` are the terms' numbers of the latest one."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = list(terms)
        self.norms: dict[Term, float] = {}
        self._parameters: list[tuple[Term, Any, str]] = []
        self._before: list[tuple[Array | None, Array]] = []

    def targets(self, session: Session) -> list[tuple[Any, tuple[str, ...]]]:
        """What to watch: nothing where there are no terms, or no optimiser of ours can be run."""
        if not self.terms or not hasattr(getattr(session, "training", None), "optimizer"):
            return []
        layers = dict(paths(session.training.model.sequential))
        for term in self.terms:
            path, _, name = str(Term(term.parts[:-1])).rpartition(".")
            if path in layers and name in layers[path].parameters:
                self._parameters.append((term, layers[path], name))
        return [(session.training.optimizer, ("step",))]

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Copies, as an optimiser of the user's may work in place.
        found = [(layer.gradients.get(name), layer.parameters[name]) for _, layer, name in self._parameters]
        self._before = [(None if gradient is None else np.array(gradient), np.array(old)) for gradient, old in found]

    def leave(self, target: Any, method: str, result: Any) -> None:
        for (term, layer, name), (gradient, old) in zip(self._parameters, self._before, strict=True):
            new = layer.parameters[name]
            self.norms[term] = norms_of(gradient, new - old, new)[str(term.parts[-1])]


def norm(trace: Trace, term: Term) -> float:
    """A parameter's norm in an iteration. NaN where it has none."""
    *path, kind = term.parts
    address = Address(trace.iteration, "update", str(Term(tuple(path))))
    event = next((e for e in trace.events if e.address == address), None)
    if event is None:
        return float("nan")
    tensors = {name.rpartition(" ")[2]: tensor for name, tensor in event.tensors.items()}
    return norms_of(tensors.get("gradient"), tensors["delta"], tensors["after"])[str(kind)]


def norms_of(gradient: Array | None, delta: Array, after: Array) -> dict[str, float]:
    """What NORMS are of one update, rounded as in a recording. NaN where there is no gradient."""
    with np.errstate(all="ignore"):
        wide = [np.array(np.nan) if a is None else a.astype(np.float64) for a in (gradient, after, delta)]
        reached, size, step = (np.sqrt(np.vdot(array, array)) for array in wide)
        return dict(zip(NORMS, np.array([reached, size, step / size], np.float32).tolist(), strict=True))
