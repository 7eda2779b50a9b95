"""Findings: what a check adds up to, in words and in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtorch.debug.gradcheck import Check

SEVERITIES = ("error", "warning", "info")
LAST = ("wrong-scale", "unknown")
"""Causes that tell the least: a scale is often another fault's shadow, and unknown is no cause."""


@dataclass(frozen=True)
class Finding:
    """One fault: its cause (the contract's vocabulary), where, at which time steps, and the evidence.

    `t` is empty where the layer has no time steps. `event` is the first event it shows at.
    """

    cause: str
    severity: str
    path: str
    tensor: str
    iteration: int
    t: tuple[int, ...]
    message: str
    evidence: Mapping[str, Any]
    event: int

    def covers(self, check: Check) -> bool:
        return (check.path, check.tensor) == (self.path, self.tensor) and (
            check.t is None or not self.t or check.t in self.t
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "cause": self.cause,
            "severity": self.severity,
            "path": self.path,
            "tensor": self.tensor,
            "iteration": self.iteration,
            "t": list(self.t) or None,
            "message": self.message,
            "evidence": dict(self.evidence),
        }


def telling(finding: Finding) -> tuple[int, int, int]:
    """For sorting: errors first; then what says most; then in time."""
    vague = LAST.index(finding.cause) + 1 if finding.cause in LAST else 0
    return (SEVERITIES.index(finding.severity), vague, finding.event)
