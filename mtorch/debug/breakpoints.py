"""Breakpoints and watches: what they say, as texts; whether they can ever hit; and the list of them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtorch.debug.conditions import INCREASE, Condition, Term, number, parse
from mtorch.debug.events import PHASES, Address, Event, Trace
from mtorch.debug.session import Session
from mtorch.errors import MtorchError, unknown
from mtorch.training import State

NORMS = ("grad_norm", "weight_norm", "update_ratio")
SCALARS = ("loss", "iteration")
THINGS = ("nan", "finding")

LONGEST = 1000
"""Characters of a breakpoint, and breakpoints that are taken from a file."""

PLACE = "break expects [PHASE] [PATH] [t=T] [if CONDITION]"


@dataclass(frozen=True)
class Breakpoint:
    """Stops at events: those at a place, where a condition holds of their tensors; `on` a thing that turns up; or,
    with `watch`, where a condition on the whole run becomes true, or a number in it another.

    `phase`, `path` and `t` are the place; "" and None are any. str() is the text that it is parsed from.
    """

    watch: bool = False
    phase: str = ""
    path: str = ""
    t: int | None = None
    on: str = ""
    condition: Condition | None = None
    number: int = 0
    enabled: bool = True

    def __str__(self) -> str:
        return f"{'watch' if self.watch else 'break'} {self.what}"

    @property
    def what(self) -> str:
        """The text without its verb."""
        if self.watch or self.on:
            return f"on {self.on}" if self.on else str(self.condition)
        place = [self.phase, self.path, "" if self.t is None else f"t={self.t}"]
        return " ".join(filter(None, [*place, f"if {self.condition}" if self.condition else ""]))

    @property
    def latest(self) -> float:
        """The last iteration that it can stop in; infinite where nothing says so."""
        return math.inf if self.condition is None else self.condition.latest

    @classmethod
    def parse(cls, text: str) -> Breakpoint:
        """The breakpoint in a text such as "break backward rnn.tanh t=3 if grad_input.norm < 1e-7".

        Raises MtorchError that says what was expected.
        """
        if len(text) > LONGEST:
            raise MtorchError(f"expected a breakpoint of at most {LONGEST} characters, got {len(text)}")
        verb, *words = text.split() or [""]
        if verb == "watch" and words:
            watched = parse(" ".join(words))
            if not watched.terms:
                raise MtorchError(f"watch expected something that changes, got {str(watched)[:40]!r}")
            return cls(watch=True, condition=watched)
        if verb != "break" or not words:
            raise MtorchError(f"expected break PLACE or watch CONDITION, got {text[:40]!r}")
        if words[0] == "on":
            if len(words) != 2 or words[1] not in THINGS:
                raise MtorchError(f"break on expects {' or '.join(THINGS)}, got {' '.join(words[1:])[:40]!r}")
            return cls(on=words[1])
        condition = None
        if "if" in words:
            words, condition = words[: words.index("if")], parse(" ".join(words[words.index("if") + 1 :]))
            if not condition.truth:
                raise MtorchError(f"expected a comparison after if, got {str(condition)[:40]!r}")
        phase = words[0] if words and words[0] in PHASES else ""
        try:
            address = Address.parse(f"0 {phase or PHASES[0]} {' '.join(words[1:] if phase else words)}")
        except MtorchError:
            raise MtorchError(f"{PLACE}, got {' '.join(words)[:40]!r}") from None
        return cls(False, phase, address.path, address.t, condition=condition)

    def at(self, event: Event) -> bool:
        """Whether an event is at the place.

        A phase by itself is its beginning; of a layer without a time step, groups of what is inside don't count.
        """
        address = event.address
        if (self.phase and address.phase != self.phase) or (self.path and address.path != self.path):
            return False
        if self.t is not None:
            return address.t == self.t
        if self.condition is not None:
            return True
        return event.label != f"t={address.t}" and (bool(self.path) or event.parent is None)


def at_event(trace: Trace, event: Event, condition: Condition) -> dict[Term, float] | None:
    """What a condition's terms are at an event; None where it has no such tensors. Raises MtorchError as `number`."""
    names: dict[str, Any] = {} if event.address.t is None else {"t": event.address.t}
    # Of a parameter, what is called "weight before" is `before`.
    names.update((name.rpartition(" ")[2], tensor) for name, tensor in event.tensors.items())
    return resolved(condition, names | {"iteration": trace.iteration, "loss": trace.loss})


def resolved(condition: Condition, names: Mapping[str, Any]) -> dict[Term, float] | None:
    values = {}
    for term in condition.terms:
        if (found := term.find(names)) is None:
            return None
        values[term] = number(found[0], names[found[0]], found[1])
    return values


def parameter_of(term: Term, state: State) -> str:
    """The path of the parameter that a term is about, "" where it is about none."""
    own = Term(term.parts[:-1]) if term.parts[-1] in NORMS else term
    if found := own.find(state.model):
        return found[0]
    found = own.find(state.optimizer)
    return found[0].rpartition(".")[0] if found else ""


def in_state(term: Term, state: State) -> float:
    """The number that a term is in a state; NaN where there is no such tensor, as before an optimiser's first step."""
    for tensors in (state.optimizer, state.model):  # the optimiser's names go on where the model's end
        if found := term.find(tensors):
            return number(found[0], tensors[found[0]], found[1])
    return float("nan")


def is_norm(term: Term, state: State) -> bool:
    return term.parts[-1] in NORMS and str(Term(term.parts[:-1])) in state.model


def check(breakpoint: Breakpoint, session: Session, trace: Trace) -> None:
    """Raises MtorchError that says why a breakpoint can never hit, as far as an iteration's events show."""
    if breakpoint.watch:
        check_watch(breakpoint, session.present())
    elif not breakpoint.on:
        check_break(breakpoint, trace)


def check_watch(breakpoint: Breakpoint, state: State) -> None:
    assert breakpoint.condition is not None
    for term in breakpoint.condition.terms:
        if str(term) in (*SCALARS, INCREASE) or is_norm(term, state):
            continue
        if term.find(state.model) is None and term.find(state.optimizer) is None:
            own = Term(term.parts[:-1]) if term.parts[-1] in NORMS and term.parts[1:] else term
            name = str(term) if own.name in SCALARS else own.name
            raise MtorchError(unknown("tensor", name, [*state.model, *state.optimizer, *SCALARS, INCREASE]))
        in_state(term, state)


def check_break(breakpoint: Breakpoint, trace: Trace) -> None:
    condition, there = breakpoint.condition, [event for event in trace.events if breakpoint.at(event)]
    if not there:
        found = [e.address for e in trace.events if e.address.path == breakpoint.path]
        phase = breakpoint.phase or (found[0].phase if found else PHASES[0])
        trace.find(Address(trace.iteration, phase, breakpoint.path, breakpoint.t))
    elif condition is not None:
        check_condition(condition, trace, there)


def check_condition(condition: Condition, trace: Trace, there: list[Event]) -> None:
    """That it has a value at one of the events at least."""
    error: MtorchError | None = None
    for event in there:
        try:
            if at_event(trace, event, condition) is not None:
                return
        except MtorchError as raised:
            error = error or raised
    if error is not None:
        raise error
    names = dict.fromkeys(name.rpartition(" ")[2] for event in there for name in event.tensors)
    known = [*names, *SCALARS, "t"]
    for term in condition.terms:
        if term.find(known) is None:
            raise MtorchError(unknown("tensor", term.name, known))
    raise MtorchError(f"no event there has all of {', '.join(map(str, condition.terms))}")


def innermost(events: Iterable[Event]) -> list[Event]:
    """Of the events that have numbers that are not finite, those with none such inside."""
    bad = [e for e in events if any(t.dtype.kind in "fc" and not np.isfinite(t).all() for t in e.tensors.values())]
    # Inner events come right after the one that they are inside of.
    return [e for n, e in enumerate(bad) if n + 1 == len(bad) or bad[n + 1].index >= e.end]


def stops(breakpoint: Breakpoint, trace: Trace) -> Iterator[tuple[int, dict[Term, float]]]:
    """The events of a trace that a breakpoint stops at, and what its condition's terms are there.

    Not of a watch, nor of one on findings: a trace alone doesn't tell.
    """
    condition = breakpoint.condition
    if breakpoint.on or breakpoint.watch:
        yield from ((event.index, {}) for event in (innermost(trace.events) if breakpoint.on == "nan" else ()))
        return
    for event in filter(breakpoint.at, trace.events):
        if condition is None:
            yield event.index, {}
            continue
        try:
            values = at_event(trace, event, condition)
        except MtorchError:  # of another shape than the one that was meant
            continue
        if values is not None and condition.evaluate(values):
            yield event.index, values


def watched(breakpoint: Breakpoint, trace: Trace) -> Iterator[int]:
    """The events whose numbers a watch looks at: the updates of its parameters, and the loss."""
    if not breakpoint.watch or breakpoint.condition is None:
        return
    updates = {event.address.path: event.index for event in trace.events if event.address.phase == "update"}
    losses = [event.index for event in trace.events if event.address.phase == "loss"]
    for term in breakpoint.condition.terms:
        if term.parts[0] == "loss":
            yield from losses[:1]
        elif found := term.find(updates):
            yield updates[found[0]]


class Breakpoints:
    """The breakpoints of a debugger, numbered from 1 as in gdb: a number is never given twice."""

    def __init__(self) -> None:
        self.all: list[Breakpoint] = []
        self._given = 0

    def add(self, breakpoint: Breakpoint) -> Breakpoint:
        """Take one in, with the next number."""
        self._given += 1
        self.all.append(replace(breakpoint, number=self._given))
        return self.all[-1]

    @property
    def enabled(self) -> list[Breakpoint]:
        return [breakpoint for breakpoint in self.all if breakpoint.enabled]

    def delete(self, numbers: Collection[int]) -> None:
        """Forget those of these numbers."""
        self.all = [b for b in self.all if b.number not in numbers]

    def enable(self, numbers: Collection[int], enabled: bool = True) -> None:
        """Switch those of these numbers on or off."""
        self.all = [replace(b, enabled=enabled) if b.number in numbers else b for b in self.all]

    def as_texts(self) -> list[list[Any]]:
        """[text, enabled] of each, for a file."""
        return [[str(breakpoint), breakpoint.enabled] for breakpoint in self.all]

    @classmethod
    def from_texts(cls, texts: Any) -> Breakpoints:
        """Those that `as_texts` gave; whatever else there is in it is passed over."""
        found = cls()
        for entry in texts[:LONGEST] if isinstance(texts, list) else []:
            match entry:
                case [str(text), bool(enabled)]:
                    with contextlib.suppress(MtorchError):
                        found.add(replace(Breakpoint.parse(text), enabled=enabled))
        return found
