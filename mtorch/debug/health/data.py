"""Data: what comes in, and what is asked for."""

from __future__ import annotations

import math

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.health.gradients import found
from mtorch.debug.health.thresholds import LEAST, Thresholds
from mtorch.debug.health.vitals import Window

SAMPLES = 4 * LEAST
"""Labels per class below which chance alone makes some rare."""


def unnormalised_input(window: Window, limits: Thresholds) -> list[Finding]:
    """Inputs that are not centred, on a scale of their own.

    Symptom: a mean beyond 0.2 (SageMaker's NotNormalizedData) of what they scatter, together with values outside -1…1
    (UMLAUT), or a spread above 10, five times what TheDeepChecker allows activations. Either sign alone is met by
    data that trains well: pixels in 0…1, and standardised columns.
    """
    findings = []
    for number, now in enumerate(window.last.inputs):
        series = [v.inputs[number] for v in window.vitals if number < len(v.inputs)]
        mean = float(np.mean([x.mean for x in series]))
        std = math.sqrt(np.mean([x.std**2 + x.mean**2 for x in series]) - mean**2)
        low, high = min(x.low for x in series), max(x.high for x in series)
        outside = max(-low, high) > limits.input_bound
        if not (abs(mean) > limits.input_mean * std and outside) and std <= limits.input_spread:
            continue
        message = (
            f"{now.name} has mean {mean:.3g} and standard deviation {std:.3g}, from {low:.3g} to {high:.3g}: "
            f"subtract the mean, and divide by the deviation"
        )
        facts = {"mean": mean, "std": std, "range": [low, high]}
        findings.append(found("unnormalised-input", window.last, "", now.name, now.event, message, facts))
    return findings


def imbalanced_classes(window: Window, limits: Thresholds) -> list[Finding]:
    """Some classes hardly ever come.

    Symptom: the commonest label is more than 10 times as frequent as the rarest (SageMaker's ClassImbalance), over
    the window, where that has 20 labels a class or more. Labels of sequences are left out: in text, some symbols are
    rare by nature.
    """
    counts = [v.labels for v in window.vitals if v.labels is not None]
    total = np.sum(counts, axis=0) if counts and len({len(count) for count in counts}) == 1 else np.array([])
    if not total.size or total.sum() < SAMPLES * len(total) or total.max() <= limits.imbalance * total.min():
        return []
    common, rare = int(total.argmax()), int(total.argmin())
    message = (
        f"of {total.sum()} labels, {total[common]} are of class {common} and {total[rare]} of class {rare}: a network "
        f"that always says {common} is right in {total[common] / total.sum():.0%} of all cases"
    )
    facts = {"commonest": common, "rarest": rare, "counts": [int(n) for n in total]}
    return [found("imbalanced-classes", window.last, "", "target", window.last.loss_event, message, facts)]
