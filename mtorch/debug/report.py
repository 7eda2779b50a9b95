"""A report: the checks of one iteration's gradients, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from mtorch.debug.diagnosis.findings import Finding, telling
from mtorch.debug.diagnosis.gradients import Evidence, diagnose
from mtorch.debug.diagnosis.targets import unreachable_target
from mtorch.debug.events import Address, Call, Trace
from mtorch.debug.gradcheck import TOLERANCE, Check, Derivative, directions_for, relative_error, worst_element
from mtorch.debug.mended import mended
from mtorch.layers.base import Array

MENDED = "inside mended"
UNMENDED = "not checked: wrong inside, too large to mend"


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
    """Check every backward call of a trace made in double precision, and diagnose what failed.

    Inner calls come first: a layer that has wrong ones inside is judged as if they were right.
    """
    judged: dict[int, list[tuple[Check, Evidence]]] = {}
    wrong: set[str] = set()
    with np.errstate(all="ignore"):
        for event in sorted(trace.events, key=lambda event: -event.depth):
            call, address = event.call, event.address
            if call is None:
                continue
            inside = {path for path in wrong if within(path, address.path)}
            found = check_call(address, event.index, call, exhaustive and not inside)
            if inside and any(check.ok is False for check, _ in found):
                found = rejudged(address, event.index, mended(call, address.path, inside), found)
            if any(check.ok is False for check, _ in found):
                wrong.add(address.path)
            judged[event.index] = found
        results = [result for index in sorted(judged) for result in judged[index]]
        findings = sorted([*diagnose(trace, results), *unreachable_target(trace)], key=telling)
    return Report(trace.iteration, trace, tuple(check for check, _ in results), tuple(findings))


def within(path: str, outer: str) -> bool:
    """Whether a layer's path lies inside another's."""
    return path != outer and (not outer or path.startswith(f"{outer}."))


def rejudged(
    address: Address, event: int, repaired: Call | None, found: list[tuple[Check, Evidence]]
) -> list[tuple[Check, Evidence]]:
    """What a call is found to be with what is inside mended; not checked where that was too much."""
    if repaired is None:
        return [(replace(c, ok=None, relative_error=None, method=UNMENDED), evidence) for c, evidence in found]
    again = check_call(address, event, repaired)
    return [(replace(c, method=f"{c.method}, {MENDED}"), evidence) for c, evidence in again]


def check_call(address: Address, event: int, call: Call, exhaustive: bool = False) -> list[tuple[Check, Evidence]]:
    """Each tensor of a backward call against the derivative along random directions; `exhaustive`: and by elements."""
    derivative = Derivative(call)
    results = []
    for slot in derivative.slots():
        if slot.isdigit() and slot not in call.gradients and not call.layer.needs_input_grad:
            continue
        gradient, shape = call.gradients.get(slot), derivative.value(slot).shape
        shaped = gradient is not None and gradient.shape == shape
        name = call.names.get(slot, f"grad_{slot}")
        evidence, error, method = compare(derivative, slot, gradient if shaped else None, call.grad_output, exhaustive)
        ok = False if not shaped else None if error is None else error <= TOLERANCE
        error = error if error is not None and np.isfinite(error) else None
        check = Check(address.iteration, address.path, address.t, name, error, TOLERANCE, method, ok, event)
        results.append((check, evidence))
    return results


def compare(
    derivative: Derivative, slot: str, gradient: Array | None, grad_output: Array, exhaustive: bool
) -> tuple[Evidence, float | None, str]:
    """What was measured of a gradient (None: missing), its relative error (None: not measured), and the method."""
    directions = directions_for(derivative.value(slot))
    numerical, method = derivative.along(slot, directions, grad_output)
    if gradient is None:
        return Evidence(slot, directions, np.full(len(directions), np.nan), numerical, False), None, method
    analytic, measured = slopes(gradient, directions), np.isfinite(numerical)
    error: float | None = None
    if measured.any():
        error = relative_error(analytic[measured], numerical[measured], grad_output)
    if exhaustive:
        whole, methods = derivative.elements(slot, grad_output)
        known = np.isfinite(whole)
        if known.any():
            worst = worst_element(gradient[known], whole[known], grad_output)
            error = worst if error is None else float(np.maximum(error, worst))
            method = f"{methods}, {'every element' if known.all() else f'{known.sum()} of {known.size} elements'}"
            # Directions that leave the kinks out are measured where the whole ones are not.
            directions = [np.where(known, direction, 0.0) for direction in directions]
            analytic, numerical = slopes(gradient, directions), slopes(np.where(known, whole, 0.0), directions)
    if error is None:
        method = "not checked: a kink, or not finite"
    return Evidence(slot, directions, analytic, numerical, True), error, method


def slopes(gradient: Array, directions: list[Array]) -> Array:
    """A gradient's slope along each direction."""
    return np.array([(gradient * direction).sum() for direction in directions])
