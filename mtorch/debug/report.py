"""A report: the checks of one iteration's gradients, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mtorch.debug.diagnosis.findings import Finding, telling
from mtorch.debug.diagnosis.gradients import Evidence, diagnose
from mtorch.debug.diagnosis.targets import unreachable_target
from mtorch.debug.events import Event, Trace
from mtorch.debug.gradcheck import TOLERANCE, Check, Derivative, directions_for, relative_error, worst_element
from mtorch.layers.base import Array


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
    def wrong(self) -> Mapping[int, tuple[Check, ...]]:
        """The failed checks of each event, for events in which a finding lies."""
        found: defaultdict[int, list[Check]] = defaultdict(list)
        for check in self.checks:
            if check.ok is False and any(f.covers(check) for f in self.findings):
                found[check.event].append(check)
        return {event: tuple(checks) for event, checks in found.items()}

    def known_numerical(self, event: int, tensor: str) -> Array | None:
        """The right gradient where it has been computed already."""
        return self._numerical.get((event, tensor))

    def numerical(self, event: int, tensor: str) -> Array | None:
        """The right gradient beside a recorded one, element by element; None where nothing can be compared."""
        call = self.trace.events[event].call
        slot = next((s for s, name in call.names.items() if name == tensor), None) if call else None
        if call is None or slot is None:
            return None
        if (event, tensor) not in self._numerical:
            with np.errstate(all="ignore"):
                self._numerical[event, tensor] = Derivative(call).gradient(slot, call.grad_output)
        return self._numerical[event, tensor]


def examine(trace: Trace, exhaustive: bool = False) -> Report:
    """Check every backward call of a trace made in double precision, and diagnose what failed."""
    checks: list[Check] = []
    evidence: list[Evidence] = []
    with np.errstate(all="ignore"):
        for event in trace.events:
            if event.call is not None:
                for check, found in check_call(event, exhaustive):
                    checks.append(check)
                    evidence.append(found)
        findings = sorted([*diagnose(trace, checks, evidence), *unreachable_target(trace)], key=telling)
    return Report(trace.iteration, trace, tuple(checks), tuple(findings))


def check_call(event: Event, exhaustive: bool = False) -> list[tuple[Check, Evidence]]:
    """Each tensor of a backward call against the derivative along random directions; `exhaustive`: and by elements."""
    call, address = event.call, event.address
    assert call is not None
    derivative = Derivative(call)
    results = []
    for slot in derivative.slots():
        value, gradient = derivative.value(slot), call.gradients.get(slot)
        directions = directions_for(value)
        numerical, method = derivative.along(slot, directions, call.grad_output)
        measured = np.isfinite(numerical)
        error: float | None = None
        analytic: Array = np.full(len(directions), np.nan)
        ok: bool | None = False
        if gradient is not None and gradient.shape == value.shape:
            analytic = slopes(gradient, directions)
            error = relative_error(analytic[measured], numerical[measured], call.grad_output)
            whole, methods = derivative.elements(slot, call.grad_output) if exhaustive else (numerical[:0], "")
            known = np.isfinite(whole)
            if known.any():
                error = float(np.maximum(error, worst_element(gradient[known], whole[known], call.grad_output)))
                method = f"{methods}, {'every element' if known.all() else f'{known.sum()} of {known.size} elements'}"
                # Directions that leave the kinks out are measured where the whole ones are not.
                directions = [np.where(known, direction, 0.0) for direction in directions]
                analytic, numerical = slopes(gradient, directions), slopes(np.where(known, whole, 0.0), directions)
            ok = error <= TOLERANCE
            if not measured.any() and not known.any():
                ok, error, method = None, None, "not checked: a kink, or not finite"
        name = call.names.get(slot, f"grad_{slot}")
        error = error if error is not None and np.isfinite(error) else None
        check = Check(address.iteration, address.path, address.t, name, error, TOLERANCE, method, ok, event.index)
        shaped = gradient is not None and gradient.shape == value.shape
        results.append((check, Evidence(slot, directions, analytic, numerical, shaped)))
    return results


def slopes(gradient: Array, directions: list[Array]) -> Array:
    """A gradient's slope along each direction."""
    return np.array([(gradient * direction).sum() for direction in directions])
