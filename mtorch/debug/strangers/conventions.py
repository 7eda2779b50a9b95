"""Conventions: factors such as 1/batch that a program leaves out in one place and puts in at another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from mtorch.debug.derivatives import Derivative
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.report import Report, examine
from mtorch.debug.strangers.penalties import penalised
from mtorch.debug.strangers.seen import Seen
from mtorch.debug.strangers.wiring import wired

TURNED = "; backward is handed target - output, and adds what it makes of it: two signs that cancel out"
NOTED = "; with the other layers' factors it cancels out: each parameter ends up with the loss's own gradient"


def examined(trace: Trace, roots: Sequence[Seen] = ()) -> Report:
    """A stranger's iteration, checked; and its wiring, as far as the calls in `roots` tell."""
    report = examine(trace)
    found = [
        replace(f, severity="warning") if f.cause == "unreachable-target" else f  # whose gradients may be right
        for f in penalised(trace, report.findings)
    ]
    return replace(report, findings=(*settled(trace, found), *wired(roots, trace, report)))


def turned(trace: Trace, errors: Sequence[Finding], scales: Mapping[tuple[str, str], Fraction]) -> bool:
    """Whether all is right but for a sign: backwards are handed target - output, and add what they make of it.

    Told by the first backward, where its output and what it is handed add up to whole numbers, as of classes.
    """
    first = next((e.call for e in trace.events if e.call is not None and e.depth == 0), None)
    updated = {
        (e.address.path, e.call.names[p.name])
        for e in trace.events
        if e.call is not None
        for p in e.call.layer.owned
        if p.lr is not None
    }
    if first is None or {(f.path, f.tensor) for f in errors} != updated or any(s != -1 for s in scales.values()):
        return False
    output, handed = Derivative(first).output(), first.grad_output
    n = handed.size
    sums = [output + k * handed for k in (1, 0.5, n, n / 2, len(np.atleast_1d(handed)))] if output.size == n else []
    return any(np.allclose(total, np.round(total), atol=1e-9) for total in sums)


def settled(trace: Trace, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, as information only where all are constants that cancel out for every parameter.

    Multiplied along the way back from the loss: what each layer's grad_input is off by, and what its parameter's is.
    """
    errors = [f for f in findings if f.severity == "error"]
    scales: dict[tuple[str, str], Fraction] = {}
    for f in errors:
        try:
            scales[f.path, f.tensor] = Fraction(f.evidence["constant"])
        except (KeyError, ValueError, ZeroDivisionError):
            return tuple(findings)
    if turned(trace, errors, scales):
        return tuple(replace(f, severity="info", message=f.message + TURNED) if f in errors else f for f in findings)
    running, ends = Fraction(1), []
    for event in trace.events:
        call, path = event.call, event.address.path
        if call is None or event.end != event.index + 1:
            continue
        names = {slot: name for slot, name in call.names.items() if slot in call.gradients}
        ends += [running * scales.get((path, name), 1) for slot, name in names.items() if not slot.startswith("#")]
        of_inputs = {scales.get((path, name), Fraction(1)) for slot, name in names.items() if slot.startswith("#")}
        if len(of_inputs) > 1:  # which way did it go on?
            return tuple(findings)
        running *= of_inputs.pop() if of_inputs else 1
    if len(errors) < 2 or not ends or any(end != 1 for end in ends):
        return tuple(findings)
    return tuple(
        replace(f, severity="info", message=f.message + NOTED) if f.severity == "error" else f for f in findings
    )
