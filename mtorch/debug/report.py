"""A report: the checks of one iteration's gradients, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.diagnosis.gradients import Evidence, diagnose
from mtorch.debug.diagnosis.targets import unreachable_target
from mtorch.debug.events import Event, Trace
from mtorch.debug.gradcheck import TOLERANCE, Check, Derivative, directions_for, relative_error
from mtorch.layers.base import Array
from mtorch.training import Training


@dataclass(frozen=True)
class Report:
    """What was checked and found in one iteration, run in double precision.

    Events have the numbers that they have in the run's own trace.
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
    def wrong(self) -> Mapping[int, tuple[Check, ...]]:
        """The failed checks of each event, for events in which a finding lies."""
        found: defaultdict[int, list[Check]] = defaultdict(list)
        for check in self.checks:
            if not check.ok and any(f.covers(check) for f in self.findings):
                found[check.event].append(check)
        return {event: tuple(checks) for event, checks in found.items()}

    def numerical(self, event: int, tensor: str) -> Array | None:
        """The right gradient beside a recorded one, element by element; None where nothing can be compared."""
        call = self.trace.events[event].call
        slot = next((s for s, name in call.names.items() if name == tensor), None) if call else None
        if call is None or slot is None:
            return None
        if (event, tensor) not in self._numerical:
            self._numerical[event, tensor] = Derivative(call).gradient(slot, call.grad_output)
        return self._numerical[event, tensor]


def examine(training: Training, trace: Trace) -> Report:
    """Check every backward call of a trace made in double precision, and diagnose what failed."""
    checks: list[Check] = []
    evidence: list[Evidence] = []
    with np.errstate(all="ignore"):
        for event in trace.events:
            if event.call is not None:
                for check, found in check_call(event):
                    checks.append(check)
                    evidence.append(found)
        findings = [*diagnose(trace, checks, evidence), *unreachable_target(training, trace)]
    return Report(trace.iteration, trace, tuple(checks), tuple(findings))


def check_call(event: Event) -> list[tuple[Check, Evidence]]:
    call = event.call
    assert call is not None
    derivative = Derivative(call)
    results = []
    for slot in derivative.slots():
        value = derivative.value(slot)
        directions = directions_for(value)
        numerical, method = derivative.along(slot, directions, call.grad_output)
        analytic = call.gradients.get(slot)
        tensor = call.names.get(slot, f"grad_{slot}")
        right_shape = analytic is not None and analytic.shape == value.shape
        along: Any = np.array([(analytic * d).sum() for d in directions]) if right_shape else np.full(len(directions), np.nan)
        measured = ~np.isnan(numerical)
        error = (
            relative_error(along[measured], numerical[measured], call.grad_output)
            if measured.any() and right_shape
            else None
        )
        ok = (error is not None and error <= TOLERANCE) or (right_shape and not measured.any())
        method = method if measured.any() else "not checked: kink"
        a = event.address
        check = Check(a.iteration, a.path, a.t, tensor, error, TOLERANCE, method, ok, event.index)
        results.append((check, Evidence(slot, directions, along, numerical, right_shape)))
    return results
