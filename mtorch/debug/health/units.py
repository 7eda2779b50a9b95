"""Units that have stopped to tell inputs apart."""

from __future__ import annotations

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.health.gradients import found
from mtorch.debug.health.thresholds import Thresholds
from mtorch.debug.health.vitals import Window
from mtorch.debug.spans import plural


def dead_units(window: Window, limits: Thresholds) -> list[Finding]:
    """Rectifiers that are at 0 whatever comes, and let no gradient through.

    Symptom: 70 % of a layer's units or more (AutoTrainer's monitor) are at their lower bound for all samples of the
    window; SageMaker's DyingRelu asks the same of 99 % of the samples. Any layer that measurably is a rectifier
    counts.
    """
    findings = []
    for series in window.units() if window.long else []:
        alive = [units.alive for units in series if units.alive is not None]
        if not alive:
            continue
        dead = ~np.any(alive, axis=0)
        if dead.mean() >= limits.dead_share:
            path = series[-1].path
            message = (
                f"{dead.sum()} of {path}'s {plural(dead.size, 'unit is', 'units are')} 0 for every sample of "
                f"{len(series)} iterations: they pass nothing on, and learn nothing"
            )
            facts = {"dead": int(dead.sum()), "units": dead.size, "iterations": len(series)}
            findings.append(found("dead-units", window.last, path, "output", series[-1].event, message, facts))
    return findings


def saturated_units(window: Window, limits: Thresholds) -> list[Finding]:
    """Bounded activations, such as sigmoid and tanh, that sit at their bounds, where their derivative is next to 0.

    Symptom: more than half of a layer's units (SageMaker's Saturation) are on average 0.95 of the way from the middle
    of their range to a bound, or more. TheDeepChecker says 0.85, where the derivative still is 0.28 of its largest,
    and small healthy networks get there; SageMaker asks for 1e-8 of it. The network's own output is left out: targets
    may lie at its bounds.
    """
    findings = []
    for series in window.units() if window.long else []:
        reach = [units.reach for units in series if units.reach is not None]
        if not reach or series[-1].head:
            continue
        mean = np.mean(reach, axis=0)
        share = float((mean > limits.saturated_reach).mean())
        if share > limits.saturated_share:
            path = series[-1].path
            message = (
                f"{share:.0%} of {path}'s {mean.size} units are at a bound, on average {mean.mean():.3f} of the way "
                f"there: their derivative is next to 0"
            )
            facts = {"share": share, "mean_reach": float(mean.mean()), "units": mean.size}
            findings.append(found("saturated-units", window.last, path, "output", series[-1].event, message, facts))
    return findings
