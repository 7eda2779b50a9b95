"""What the check says of an event, in words. What was not checked is never called right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Event
from mtorch.debug.gradcheck import Check
from mtorch.debug.report import Report
from mtorch.debug.spans import plural
from tui.viewmodels.numbers import short
from tui.viewmodels.once import once

SIGNS = {"error": "✗", "warning": "!", "info": "i"}


class Verdict(NamedTuple):
    """`kind` is wrong, right or open: nothing known, or nothing to know."""

    kind: str
    text: str


def verdict(event: Event, report: Report | None, health: Sequence[Finding] = ()) -> Verdict:
    """What the check says of an event, and, of the training's health, the findings that point at it."""
    said = judged(event, report)
    lines = [f"{SIGNS[finding.severity]} {finding.cause}: {finding.message}" for finding in health]
    return said._replace(text="\n".join([*lines, said.text]))


def judged(event: Event, report: Report | None) -> Verdict:
    if report is None:
        return Verdict("open", "not checked yet")
    if findings := report.marked.get(event.index):
        kind = "wrong" if any(finding.severity == "error" for finding in findings) else "open"
        return Verdict(kind, "\n".join(f"{SIGNS[f.severity]} {f.cause}: {f.message}" for f in findings))
    inside = [i for i in report.marked if event.index < i < event.end]
    if inside:
        first = report.trace.events[inside[0]].address
        kind = "wrong" if any(i in report.faulty for i in inside) else "open"
        return Verdict(kind, f"· {plural(len(inside), 'event')} inside with findings, first {first}")
    if event.address.phase not in ("backward", "loss"):
        return Verdict("open", f"{event.address.phase}: only backward calls and the loss are checked")
    checks = checks_of(report).get(event.index, [])
    right = [check for check in checks if check.ok]
    if not checks:
        return Verdict("open", "a group of calls: step into it")
    if len(right) < len(checks):
        lost = [f"{check.tensor} {check.method}" for check in checks if check.ok is None]
        return Verdict("open", "\n".join(lost))
    worst = max(check.relative_error or 0.0 for check in right)
    names = ", ".join(check.tensor for check in right)
    agree = "agrees" if len(right) == 1 else "agree"
    return Verdict("right", f"✓ {names} {agree} with the numerical derivative (relative error ≤ {short(worst)})")


def summary(report: Report | None, checking: bool, health: Sequence[Finding] = ()) -> str:
    """An iteration's check in a few words, and how much there is to be said of the training's health."""
    warnings = sum(finding.severity != "error" for finding in health)
    said = checked(report, checking, len(health) - warnings)
    return said + (f", {plural(warnings, 'warning')}" if warnings else "")


def checked(report: Report | None, checking: bool, more: int) -> str:
    if report is None:
        return "checking …" if checking else "not checked"
    if not report.findings and not more:
        right, unchecked = counts(report)
        if not right:
            return "nothing could be checked"
        return f"✓ {plural(right, 'gradient')} right" + (f", {unchecked} not checked" if unchecked else "")
    worst = min([finding.severity for finding in report.findings] + ["error"] * more, key=list(SIGNS).index)
    return f"{SIGNS[worst]} {plural(len(report.findings) + more, 'finding')}"


@once
def checks_of(report: Report) -> Mapping[int, list[Check]]:
    """The checks of each event."""
    found: defaultdict[int, list[Check]] = defaultdict(list)
    for check in report.checks:
        found[check.event].append(check)
    return found


@once
def counts(report: Report) -> tuple[int, int]:
    """How many gradients are right, and how many were not checked."""
    return sum(check.ok is True for check in report.checks), sum(check.ok is None for check in report.checks)
