"""A report: the checks of one iteration's gradients, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from mtorch.debug.derivatives import COMPLEX, Asking, Derivative, Unmeasured
from mtorch.debug.diagnosis.accumulation import wrong_accumulation
from mtorch.debug.diagnosis.findings import Finding, telling
from mtorch.debug.diagnosis.finite import not_finite
from mtorch.debug.diagnosis.gradients import diagnose
from mtorch.debug.diagnosis.targets import unreachable_target
from mtorch.debug.events import Address, Call, Event, Trace
from mtorch.debug.generic import check_generic
from mtorch.debug.glance import confirmed, found_right
from mtorch.debug.gradcheck import TOLERANCE, Check, Judged, check_call, check_of
from mtorch.debug.mended import mended
from mtorch.layers.base import Array

MENDED = "inside mended"
INSIDE = "not checked: what is inside is off"
UNMENDED = "not checked: wrong inside, and that can't be mended"


@dataclass(frozen=True)
class Report:
    """What was checked and found in one iteration, run in double precision.

    Its trace's events have the numbers that they have in the run's own trace.
    """

    iteration: int
    trace: Trace
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    _numerical: dict[tuple[int, str], Array] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not any(finding.severity == "error" for finding in self.findings)

    @cached_property
    def marked(self) -> Mapping[int, tuple[Finding, ...]]:
        """The findings that show at each event: where a failed check is part of one, else where it points."""
        found: defaultdict[int, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            events = [check.event for check in self.checks if check.ok is False and finding.covers(check)]
            for event in dict.fromkeys(events or [finding.event]):
                found[event].append(finding)
        return {event: tuple(findings) for event, findings in found.items()}

    @cached_property
    def faulty(self) -> Mapping[int, tuple[Finding, ...]]:
        """Those of `marked` at events where one of them is an error: what a finding merely notes is not wrong."""
        return {
            event: findings
            for event, findings in self.marked.items()
            if any(finding.severity == "error" for finding in findings)
        }

    @cached_property
    def wrong(self) -> Mapping[int, tuple[Check, ...]]:
        """The failed checks of each event, for events in which an error lies."""
        found: defaultdict[int, list[Check]] = defaultdict(list)
        for check in self.checks:
            if check.ok is False and any(f.severity == "error" and f.covers(check) for f in self.findings):
                found[check.event].append(check)
        return {event: tuple(checks) for event, checks in found.items()}

    def known_numerical(self, event: int, tensor: str) -> Array | None:
        """The right gradient where it has been computed already."""
        return self._numerical.get((event, tensor))

    def numerical(self, event: int, tensor: str, going: Callable[[], bool] = lambda: True) -> Array | None:
        """The right gradient beside a recorded one, element by element.

        None where nothing can be compared, or where `going`, which is asked before each call of the layer, says no.
        """
        call = self.trace.events[event].call
        slot = next((s for s, name in call.names.items() if name == tensor), None) if call else None
        if call is None or slot is None:
            return None
        if (event, tensor) not in self._numerical:
            try:
                with np.errstate(all="ignore"):
                    found = Derivative(call, Asking(going)).gradient(slot, call.grad_output)
            except Unmeasured:
                return None
            self._numerical[event, tensor] = found
        return self._numerical[event, tensor]


def examine(trace: Trace, exhaustive: bool = False, going: Callable[[], None] = lambda: None) -> Report:
    """Check every backward call of a trace made in double precision, and diagnose what failed.

    Inner calls come first: a layer that has wrong ones inside is judged as if they were right. `going` is
    called between calls, and may raise what it likes to stop.
    """
    wrong: set[str] = set()
    with np.errstate(all="ignore"):
        judged = {} if exhaustive else at_a_glance(trace, going)
        for event in sorted(trace.events, key=lambda event: -event.depth):
            call, address = event.call, address_of(event)
            if call is None or event.index in judged:
                continue
            going()
            inside = wrong.intersection(call.inside[1:])
            found = check_call(address, event.index, call, exhaustive and not inside)
            if inside and any(check.ok is False for check, _ in found):
                found = rejudged(address, event.index, mended(call, inside), found)
            if any(check.ok is False for check, _ in found):
                wrong.add(address.path)
            judged[event.index] = found
        for index, address, call in hidden(trace, judged, wrong):
            going()
            if found := check_generic(address, index, call):
                wrong.add(address.path)
                judged[index] += found
        results = [result for index in sorted(judged) for result in judged[index]]
        findings = [
            *not_finite(trace),
            *diagnose(trace, results),
            *wrong_accumulation(trace),
            *unreachable_target(trace),
        ]
    checks = (*(check for check, _ in results), *unchecked(trace))
    return Report(trace.iteration, trace, checks, tuple(sorted(findings, key=telling)))


def unchecked(trace: Trace) -> list[Check]:
    """A check of each backward call that can't be checked, which says why."""
    return [
        Check(a.iteration, a.path, a.t, "gradients", None, TOLERANCE, f"not checked: {e.unchecked}", None, e.index)
        for e in trace.events
        for a in (e.address,)
        if e.unchecked
    ]


def address_of(event: Event) -> Address:
    """The address that an event's checks have."""
    return replace(event.address, path="loss") if event.address.phase == "loss" else event.address


def at_a_glance(trace: Trace, going: Callable[[], None]) -> dict[int, Judged]:
    """The checks of calls that one look finds right in every tensor, by their events."""
    calls = {event.index: event.call for event in trace.events if event.call is not None}
    found: dict[int, Judged] = {}
    for index, off in found_right(calls, going).items():
        call, address = calls[index], address_of(trace.events[index])
        pairs = zip(call.slots, off, strict=True)
        found[index] = [(check_of(address, index, call, *pair, COMPLEX, True), None) for pair in pairs]
    for index, call in calls.items():
        if call.spread and index not in found:
            going()
            try:
                seen = confirmed(call)
            except Exception:  # a stranger's layer may refuse such numbers in any way it likes
                seen = None
            if seen is not None:
                address = address_of(trace.events[index])
                pairs = zip(call.slots, seen, strict=True)
                found[index] = [(check_of(address, index, call, *pair, COMPLEX, True), None) for pair in pairs]
    return found


def hidden(trace: Trace, judged: Mapping[int, object], wrong: Set[str]) -> Iterator[tuple[int, Address, Call]]:
    """One call of each layer that is right so far, as is all inside it: inner ones first, and the first backward."""
    seen: set[str] = set()
    for event in sorted(trace.events, key=lambda event: -event.depth):
        call, path = event.call, event.address.path
        if call is None or path in seen or event.address.phase != "backward" or event.index not in judged:
            continue
        seen.add(path)
        if not wrong & {path, *call.inside[1:]}:
            yield event.index, event.address, call


def rejudged(address: Address, event: int, repaired: Call | None, found: Judged) -> Judged:
    """What a call is found to be with what is inside mended; not checked where that was too much."""
    if repaired is None:
        return [(replace(c, ok=None, relative_error=None, method=UNMENDED), evidence) for c, evidence in found]
    again = check_call(address, event, repaired)
    left = [c for c, _ in found if c.tensor not in {check.tensor for check, _ in again}]
    lost: Judged = [(replace(c, ok=None, relative_error=None, method=INSIDE), None) for c in left]
    return [(replace(c, method=f"{c.method}, {MENDED}"), evidence) for c, evidence in again] + lost
