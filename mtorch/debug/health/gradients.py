"""Gradients that get lost, grow, or are left over."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.health.thresholds import Thresholds
from mtorch.debug.health.vitals import Parameter, Vitals, Window, median
from mtorch.debug.spans import plural


def found(
    cause: str,
    at: Vitals,
    path: str,
    tensor: str,
    event: int,
    message: str,
    facts: Mapping[str, Any],
    severity: str = "warning",
) -> Finding:
    """A finding that points at an event of that iteration."""
    return Finding(cause, severity, path, tensor, at.iteration, (), message, facts, event)


def typical(series: list[Parameter]) -> float:
    """The median norm of a parameter's gradient over the window."""
    return median([p.gradient or 0.0 for p in series])


def reached(window: Window) -> list[list[Parameter]]:
    """The weights that have a gradient other than 0, first layer first."""
    return [series for series in window.weights() if typical(series) > 0]


def vanishing_gradient(window: Window, limits: Thresholds) -> list[Finding]:
    """The first layers get next to no gradient, while the last one does.

    Symptom: the first weight's gradient norm over the last one's is below 1e-3, and itself below 1e-4 (AutoTrainer's
    monitor); or a weight's mean absolute gradient is below 1e-7 (SageMaker Debugger, VanishingGradient), while
    another's is not. Medians over the window. A gradient of exactly 0 has not vanished: something cuts it off.
    """
    weights = reached(window)
    if not window.long or len(weights) < 2:
        return []
    first, last = typical(weights[0]), typical(weights[-1])
    means = [median([p.mean for p in series]) for series in weights]
    small = [series for series, mean in zip(weights, means, strict=True) if mean < limits.vanishing_mean]
    lost = weights[0] if first < min(limits.vanishing_norm, limits.vanishing_ratio * last) else None
    if lost is None and small and len(small) < len(weights):
        lost = small[0]
    if lost is None:
        return []
    p, size = lost[-1], typical(lost)
    mean = means[weights.index(lost)]
    message = (
        f"{p.label} gets a gradient of norm {size:.2g}, {size / last:.2g} times that of {weights[-1][0].label}: "
        f"what comes back to it is too little to learn from"
    )
    facts = {"norm": size, "last_norm": last, "ratio": size / last, "mean_abs": mean}
    return [found("vanishing-gradient", window.last, p.path, f"grad_{p.name}", p.event, message, facts)]


def exploding_gradient(window: Window, limits: Thresholds) -> list[Finding]:
    """Gradients grow on their way back.

    Symptom: the first weight's gradient norm over the last one's is above 70 (AutoTrainer's monitor), or some norm is
    above 1e4 (TorchLens's debug guide). Medians over the window.
    """
    weights = reached(window)
    if not window.long or not weights:
        return []
    first, last = typical(weights[0]), typical(weights[-1])
    largest = max(weights, key=typical)
    grown = weights[0] if first > limits.exploding_ratio * last else largest
    size = typical(grown)
    if grown is largest and size <= limits.exploding_norm and first <= limits.exploding_ratio * last:
        return []
    p = grown[-1]
    times = f"{size / last:.3g} times that of {weights[-1][0].label}, the last layer"
    message = f"{p.label} gets a gradient of norm {size:.3g}, {times}"
    facts = {"norm": size, "last_norm": last, "ratio": size / last}
    return [found("exploding-gradient", window.last, p.path, f"grad_{p.name}", p.event, message, facts)]


def gradients_not_reset(window: Window, limits: Thresholds) -> list[Finding]:
    """An iteration starts out with the gradients of the one before, which has already used them.

    Symptom: after an update, the next backward finds gradients other than 0. No source has a rule for it; that an
    update took place in between tells it from gradients that are accumulated on purpose. Needs it twice.
    """
    left = []
    for series in window.parameters():
        again = [p for before, p in pairwise(series) if before.changed and p.begun]
        if len(again) > 1:
            left.append(again)
    if not left:
        return []
    p = left[0][-1]
    message = (
        f"backward finds gradients that an update has used already, in {plural(len(left), 'parameter')}: "
        f"{p.label}'s has norm {p.begun:.3g} before and {p.gradient or 0:.3g} after it. zero_grad is missing"
    )
    event = window.last.parameters[[q.label for q in window.last.parameters].index(p.label)].event
    facts = {"parameters": len(left), "norm_before": p.begun, "norm_after": p.gradient, "times": len(left[0])}
    return [found("gradients-not-reset", window.last, p.path, f"grad_{p.name}", event, message, facts)]
