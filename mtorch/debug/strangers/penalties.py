"""Penalties: a term of weight decay that a backward adds to a gradient, which is no derivative of its forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from mtorch.debug.derivatives import Derivative, directions_for
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Call, Trace
from mtorch.debug.gradcheck import slopes
from mtorch.debug.naming import is_input
from mtorch.layers.base import Array

SAID = "{}'s {} is the true gradient{} plus weight decay, {:.6g} times {}, which forward knows nothing of"


def penalised(trace: Trace, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, those that are weight decay as information; as a scale where there is a constant, too."""
    return [
        judged(trace, f) if f.severity == "error" and f.cause in ("unknown", "missing-term") else f for f in findings
    ]


def judged(trace: Trace, finding: Finding) -> Finding:
    call = trace.events[finding.event].call
    slot = next((s for s, name in call.names.items() if name == finding.tensor), "#") if call else "#"
    if call is None or is_input(slot) or call.gradients.get(slot) is None or call.gradients[slot].size < 3:
        return finding
    value = call.value(slot)
    for said, penalty in (("the parameter itself", value), ("its signs", np.sign(value))):
        try:
            found = parts(call, slot, penalty)
        except Exception:  # a stranger's layer may raise anything
            found = None
        if found is None:
            continue
        scale, share = found
        single = abs(scale - 1) <= call.tolerance
        times = "" if single else f" times {scale:.6g}"
        evidence = {**finding.evidence, "penalty": f"{share:.6g}"}
        message = SAID.format(finding.path, finding.tensor, times, share, said)
        if single:
            return replace(finding, severity="info", cause="weight-decay", message=message, evidence=evidence)
        constant = str(Fraction(scale).limit_denominator(100_000))
        return replace(finding, cause="wrong-scale", message=message, evidence={**evidence, "constant": constant})
    return finding


def parts(call: Call, slot: str, penalty: Array) -> tuple[float, float] | None:
    """The constants of the true gradient and of a penalty, both above 0, that a gradient is the sum of; else None."""
    derivative, gradient = Derivative(call), call.gradients[slot]
    if gradient.shape != penalty.shape or not penalty.any():
        return None
    directions = directions_for(derivative.value(slot))
    true = derivative.along(slot, directions, call.grad_output).values
    said, of_penalty = slopes(gradient, directions), slopes(penalty, directions)
    if not np.isfinite(true).all() or not np.isfinite(said).all():
        return None
    (scale, share), *_ = np.linalg.lstsq(np.stack([true, of_penalty], axis=1), said, rcond=None)
    rest = np.abs(said - scale * true - share * of_penalty).max()
    limit = call.tolerance * min(np.abs(said).max(), np.abs(share * of_penalty).max())
    return (float(scale), float(share)) if rest <= limit and scale > 0 and share > 0 else None
