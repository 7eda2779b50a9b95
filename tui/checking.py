"""Checking: a target's first iterations, examined; of each only the verdicts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mtorch.debug.diagnosis.findings import Finding, telling
from mtorch.debug.events import Address
from mtorch.debug.gradcheck import Check
from mtorch.debug.health.scale import inconsistent_scale
from mtorch.debug.health.thresholds import WINDOW, Thresholds
from mtorch.debug.session import Session
from mtorch.debug.strangers.programs import Program
from mtorch.debug.strangers.travel import ProgramSession, travelling
from mtorch.errors import MtorchError
from tui.targets import Target


@dataclass(frozen=True)
class Fault:
    """One fault, wherever it shows: its first finding, the address of that, and the iterations it is found in."""

    finding: Finding
    address: Address
    iterations: tuple[int, ...]
    worst: float | None = None
    """The largest relative error of the checks that are part of it."""


@dataclass(frozen=True)
class Checked:
    """What the check of a target came to."""

    target: str
    seed: int
    iterations: int
    checks: tuple[Check, ...]
    findings: tuple[tuple[Finding, Address], ...]
    way: tuple[str, str] | None = None
    """Of a stranger's program: how the debugger goes back in it, and why no better."""
    unclear: tuple[str, ...] = ()
    script: bool = False
    """Whether it is somebody's script, and not a training that can be run again."""
    loss_seen: bool = False

    @cached_property
    def noted(self) -> frozenset[Check]:
        """The failed checks that are part of findings, none of which is an error."""
        failed = [check for check in self.checks if check.ok is False]
        about = {
            check: {f.severity for f, _ in self.findings if f.iteration == check.iteration and f.covers(check)}
            for check in failed
        }
        return frozenset(check for check, severities in about.items() if severities and "error" not in severities)

    @property
    def ok(self) -> bool:
        return not any(finding.severity == "error" for finding, _ in self.findings)

    def faults(self) -> list[Fault]:
        """The findings, each distinct one once, the most telling first."""
        groups: dict[Any, list[tuple[Finding, Address]]] = {}
        for found in self.findings:
            groups.setdefault(identity(found[0]), []).append(found)
        faults = [
            Fault(*members[0], tuple(sorted({finding.iteration for finding, _ in members})), self._worst(members))
            for members in groups.values()
        ]
        return sorted(faults, key=lambda fault: telling(fault.finding))

    def _worst(self, members: list[tuple[Finding, Address]]) -> float | None:
        at = {finding.iteration: finding for finding, _ in members}
        parts = (check for check in self.checks if check.ok is False and check.iteration in at)
        errors = (check.relative_error or 0.0 for check in parts if at[check.iteration].covers(check))
        return max(errors, default=None)


def check(target: Target, iterations: int, exhaustive: bool = False, health: int = WINDOW) -> Checked:
    """Examine the first iterations of a target, and the health of the training over the first `health` ones.

    Raises MtorchError where its code does not run.
    """
    with target.guest(""):
        if isinstance(target.training, Program):
            session: Session = travelling(target.training)
            health = 0  # what its rules take for granted need not hold there
        else:
            session = Session(target.training)
    session.ward.limits = Thresholds.of(target.thresholds)
    checks: list[Check] = []
    findings: list[tuple[Finding, Address]] = []
    for iteration in range(iterations):
        said: list[Finding] = []
        with target.guest(f"iteration {iteration}"):
            report = session.report(iteration, exhaustive=exhaustive)
            if iteration < health:
                session.ward.look(iteration)
                # Right gradients multiply up to right ones; in iteration 0 scales are what they are later on.
                said = inconsistent_scale(report.trace) if iteration == 0 and not report.ok else []
        checks += report.checks
        findings += [(found, report.trace.events[found.event].address) for found in (*report.findings, *said)]
    if health:
        findings += [found for found in prognosis(target, session, iterations, health) if not known(found[0], findings)]
    known_so_far = target.name, target.seed, iterations, tuple(checks), tuple(findings)
    if isinstance(session, ProgramSession):
        return Checked(*known_so_far, (session.way, session.why), tuple(session.training.unclear))
    return Checked(*known_so_far)


def prognosis(target: Target, session: Session, iterations: int, health: int) -> list[tuple[Finding, Address]]:
    """What the first `health` iterations show together, of which `iterations` have run."""
    for iteration in range(iterations, health):
        try:
            with target.guest(f"iteration {iteration}"):
                session.ward.look(iteration)
        except MtorchError:  # data may end there; what was asked for has run, and the window is shorter
            health = iteration
            break
    return [(finding, session.ward.address(finding)) for finding in session.ward.findings(health - 1, window=health)]


def known(finding: Finding, findings: list[tuple[Finding, Address]]) -> bool:
    """Whether a report has said it already, as it does of what is not finite in its iteration."""
    return any((f.cause, f.iteration) == (finding.cause, finding.iteration) for f, _ in findings)


def identity(finding: Finding) -> tuple[Any, ...]:
    """What makes findings of several iterations the same fault; errors measured differ from one to the next."""
    facts = (str(finding.evidence.get(key)) for key in ("constant", "matches_t"))
    return (finding.cause, finding.severity, finding.path, finding.tensor, finding.t, *facts)
