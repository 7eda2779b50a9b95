"""The loss: where it starts, and where it goes."""

from __future__ import annotations

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.health.gradients import found
from mtorch.debug.health.thresholds import LEAST, Thresholds
from mtorch.debug.health.vitals import Window


def smoothed(losses: tuple[float, ...]) -> list[float]:
    """Means of five losses in a row, so that one hard batch says nothing."""
    means = np.convolve(losses, np.full(LEAST, 1 / LEAST), "valid") if len(losses) >= LEAST else np.array([])
    return [float(mean) for mean in means]


def loss_flat(window: Window, limits: Thresholds) -> list[Finding]:
    """Updates that take next to nothing off the loss.

    Symptom: less than 0.1 % in 10 steps (SageMaker's LossNotDecreasing). Batches differ by more than that, so both
    must hold: the second half of the window is no better than the first by that much, and neither are the updates:
    what they take off the very batch that they were computed from, by first order, is less. A loss that has fallen by
    half since the run's start has been learnt already.
    """
    count = len(window.vitals)
    if count < 2 * LEAST:
        return []
    half = count // 2
    losses = [v.loss for v in window.vitals]
    early, late = float(np.mean(losses[:half])), float(np.mean(losses[half:]))
    drops = [sum(p.drop for p in v.parameters) / abs(v.value) for v in window.vitals if v.value]
    predicted = 10 * float(np.mean(drops)) if drops else 0.0
    observed = (early - late) / abs(early) * 10 / half if early else 0.0
    updated = any(p.delta is not None for p in window.last.parameters)
    if max(abs(predicted), observed) >= limits.flat_share or not updated or late < 0.5 * window.losses[0]:
        return []
    message = (
        f"the loss stays at {late:.4g}: in ten iterations updates take {predicted:.2g} of it off, and what is "
        f"seen is {observed:.2g}"
    )
    facts = {"loss": late, "predicted_drop": predicted, "observed_drop": observed}
    return [found("loss-flat", window.last, "", "value", window.last.loss_event, message, facts)]


def loss_diverging(window: Window, limits: Thresholds) -> list[Finding]:
    """A loss that has been much lower.

    Symptom: the mean of the last five is twice the lowest mean of five, or more (TheDeepChecker), and above where the
    run began or at least a tenth of that further up: near 0, batches differ by factors.
    """
    means = smoothed(window.losses)
    if len(means) < 2 or not np.isfinite(means).all():
        return []
    lowest, last = min(means), means[-1]
    if last < limits.diverging_factor * lowest or last - lowest < 0.1 * abs(means[0]):
        return []
    message = (
        f"the loss is at {last:.4g}, {last / lowest:.3g} times the lowest that it has been"
        if lowest
        else "the loss grows"
    )
    facts = {"loss": last, "lowest": lowest, "lowest_at": means.index(lowest)}
    return [found("loss-diverging", window.last, "", "value", window.last.loss_event, message, facts)]


def initial_loss_off(window: Window, limits: Thresholds) -> list[Finding]:
    """A classifier whose first loss is far from that of one that finds all classes as likely.

    Symptom: cross entropy on C classes that is not ln C, such as 2.302 for 10 (cs231n, which gives no tolerance).
    Logits of variance 1, as usual weights give, cost about 0.5 more; above ln C + 1 they start out too large, or
    labels and outputs don't belong together. Below half of ln C, something knows the answer.
    """
    first = window.vitals[0]
    if first.iteration or first.chance is None:
        return []
    above = first.loss > first.chance + limits.initial_above
    if not above and first.loss >= limits.initial_below * first.chance:
        return []
    classes = round(float(np.exp(first.chance)))
    message = (
        f"the first loss is {first.loss:.4g}, but ln {classes} = {first.chance:.4g} is what {classes} classes found "
        f"equally likely give: " + ("logits start out too large" if above else "something knows the answer already")
    )
    facts = {"loss": first.loss, "expected": first.chance, "classes": classes}
    return [found("initial-loss-off", first, "", "value", first.loss_event, message, facts)]
