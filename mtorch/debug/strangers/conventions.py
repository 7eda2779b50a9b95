"""Conventions: factors such as 1/batch, and signs, that a program leaves out in one place and puts in at another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from mtorch.debug.derivatives import Derivative
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Call, Trace
from mtorch.debug.generic import check_generic, enlarged
from mtorch.debug.gradcheck import GENERIC
from mtorch.debug.report import Report, examine
from mtorch.debug.strangers.doubling import in_double
from mtorch.debug.strangers.holding import among, at_hand
from mtorch.debug.strangers.jumps import stepped
from mtorch.debug.strangers.penalties import penalised
from mtorch.debug.strangers.seen import Seen
from mtorch.debug.strangers.wiring import wired
from mtorch.layers.base import Array

TURNED = "; backward is handed target - output, and adds what it makes of it: two signs that cancel out"
COMBINED = "; of what it is handed that makes output - target, which is the whole gradient of softmax and cross-entropy"
UPWARDS = "; what it is of is added to the parameters, and not taken off them: two signs that cancel out"
UNSURE = (
    "; so is every parameter's, which is right if backward is handed target - output, and climbs the loss if it is "
    "handed output - target: which of the two could not be told"
)
NOTED = "; with the other layers' factors it cancels out: each parameter ends up with the loss's own gradient"

HIDDEN = "; of as few samples or time steps as here it is right"

Ways = dict[str, int]
"""Of parameters, by path, whether an optimiser takes their gradients off them, 1, or adds them, -1."""


def examined(
    trace: Trace,
    exhaustive: bool = False,
    going: Callable[[], None] = lambda: None,
    ways: Ways | None = None,
    roots: Sequence[Seen] = (),
) -> Report:
    """A stranger's iteration, checked, as `examine` does.

    `ways` keeps which way updates went at first, before momentum blurs it. `roots` are its calls, if its wiring is to
    be looked at, too.
    """
    ways = {} if ways is None else ways
    for name, way in ways_of(trace).items():
        ways.setdefault(name, way)
    seen, trace = trace, in_double(trace)
    report = examine(trace, exhaustive, going)
    found = [softened(trace, f) for f in stepped(trace, combined(trace, penalised(trace, report.findings)))]
    return replace(report, findings=(*settled(trace, found, ways), *wired(roots, seen, report)))


def softened(trace: Trace, finding: Finding) -> Finding:
    """As a warning where the program's own gradients may be right: it may never have more samples than one."""
    event = trace.events[finding.event]
    if finding.cause == "unreachable-target":
        return replace(finding, severity="warning")
    if not finding.evidence.get(GENERIC) or event.call is None or all(enlarged(x) is x for x in event.call.inputs):
        return finding
    of_one = check_generic(event.address, event.index, event.call, larger=False)
    if any(check.tensor == finding.tensor for check, _ in of_one):
        return finding
    return replace(finding, severity="warning", message=finding.message + HIDDEN)


def combined(trace: Trace, findings: Sequence[Finding]) -> list[Finding]:
    """The findings; as information, where a softmax takes its diagonal alone of a loss that was made for that.

    A cross-entropy of each class against the others, times the diagonal of the softmax's Jacobian, is the gradient of
    the usual cross-entropy: the output less the targets, of which each row, or column, has a single 1.
    """
    found = []
    for f in findings:
        call = trace.events[f.event].call if f.cause == "diagonal-only-jacobian" else None
        if call is not None and any(
            one_hot(Derivative(call).output() - k * g)
            for slot, g in call.gradients.items()
            if call.names[slot] == f.tensor and g.shape == np.shape(call.grad_output)
            for k in {1, len(g), g.size // len(g)}
        ):
            f = replace(f, severity="info", message=f.message + COMBINED)
        found.append(f)
    return found


def one_hot(targets: Array) -> bool:
    """Whether each row, or each column, is 0 but for a single 1."""
    whole = targets.ndim == 2 and np.allclose(targets, targets.round(), atol=1e-9) and set(np.unique(targets.round()))
    return whole == {0, 1} and any((targets.sum(axis).round() == 1).all() for axis in (0, 1))


def ways_of(trace: Trace) -> Ways:
    """Which way each parameter that its backward did not change itself went, by the gradient that is beside it."""
    found: Ways = {}
    for event in trace.events:
        gradient, delta = event.tensors.get("gradient"), event.tensors.get("delta")
        if event.address.phase == "update" and gradient is not None and delta is not None:
            along = float((gradient * delta).sum()) if gradient.shape == delta.shape else 0.0
            if along:
                found[event.address.path] = -1 if along > 0 else 1
    return found


def told(call: Call, output: Array) -> int:
    """1 where a backward is handed output - target, -1 where target - output; 0 where neither can be told.

    By what the targets would be: numbers that the script has at hand, or whole ones, as of classes.
    """
    handed, n = call.grad_output, call.grad_output.size
    if output.size != n:
        return 0
    held, ways = at_hand(), set[int]()
    for k in (1, 0.5, n, n / 2, len(np.atleast_1d(handed))):
        for way in (1, -1):
            target = output.reshape(handed.shape) - way * k * handed
            target = target.astype(handed.dtype)
            if np.allclose(target, np.round(target), atol=1e-9) or among(target, held):
                ways.add(way)
    return ways.pop() if len(ways) == 1 else 0


def settled(trace: Trace, findings: Sequence[Finding], ways: Ways) -> tuple[Finding, ...]:
    """The findings, as information only where all are constants that cancel out for every parameter.

    Multiplied along the way back from the loss: what each layer's grad_input is off by, and what its parameter's is,
    and whether that is taken off the parameter or added to it.
    """
    errors = [f for f in findings if f.severity == "error"]
    scales: dict[tuple[str, str], Fraction] = {}
    for f in errors:
        try:
            scales[f.path, f.tensor] = Fraction(f.evidence["constant"])
        except (KeyError, ValueError, ZeroDivisionError):
            return tuple(findings)
    ends = ends_of(trace, scales, ways) if errors else None
    if not ends:
        return tuple(findings)

    def said(words: str, severity: str = "info") -> tuple[Finding, ...]:
        return tuple(replace(f, severity=severity, message=f.message + words) if f in errors else f for f in findings)

    first = next(e.call for e in trace.events if e.call is not None)
    if all(end == -1 for end in ends) and first.layer.call.loss is None and first.layer.back.shapes:
        way = told(first, Derivative(first).output())
        return said(TURNED) if way < 0 else said(UNSURE, "warning") if not way else tuple(findings)
    if any(end != 1 for end in ends):
        return tuple(findings)
    upwards = any(way < 0 for way in ways.values())
    return said(UPWARDS if upwards else NOTED) if len(errors) > 1 or upwards else tuple(findings)


def ends_of(trace: Trace, scales: Mapping[tuple[str, str], Fraction], ways: Ways) -> list[Fraction] | None:
    """What each parameter's gradient is off by, in the end; None where the way back can't be followed."""
    running, ends = Fraction(1), []
    for event in trace.events:
        call, path = event.call, event.address.path
        if event.address.phase != "backward":
            running = Fraction(1)  # another way back begins
        if call is None or event.end != event.index + 1:
            continue
        names = {slot: name for slot, name in call.names.items() if slot in call.gradients}
        rates = {p.name: np.sign(p.lr) for p in call.layer.owned if p.lr is not None}
        for slot, name in names.items():
            if not slot.startswith("#"):
                way = int(rates.get(slot, ways.get(f"{path}.{slot}", 1)))
                ends.append(running * scales.get((path, name), 1) * way)
        of_inputs = {scales.get((path, name), Fraction(1)) for slot, name in names.items() if slot.startswith("#")}
        if len(of_inputs) > 1:  # which way did it go on?
            return None
        running *= of_inputs.pop() if of_inputs else 1
    return ends
