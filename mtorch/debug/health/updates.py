"""Parameters: how they start out, and how far updates move them."""

from __future__ import annotations

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.health.gradients import found, typical
from mtorch.debug.health.thresholds import Thresholds
from mtorch.debug.health.vitals import Parameter, Vitals, Window, median


def ratios(window: Window) -> list[tuple[float, list[Parameter]]]:
    """Of each weight that moves, the median of |delta| / |weight| over the window."""
    return [
        (median([(p.delta or 0.0) / p.weight for p in series if p.weight]), series)
        for series in window.weights()
        if any(p.weight for p in series) and typical(series) and all(p.changed for p in series)
    ]


def update_size(window: Window, limits: Thresholds) -> list[Finding]:
    """Steps that are out of proportion to what they change.

    Symptom: |delta| / |weight| is above 1 or below 1e-4 (MindSpore Insight; the usual target is 1e-3, cs231n), by the
    window's median. Too small must hold for most weights: a learning rate that is too low is so for all, but one
    weight, such as an LSTM's gates, may hardly matter yet. Vectors such as biases start at 0 and are left out. The
    furthest off is named.
    """
    moved = ratios(window)
    if not window.long or not moved:
        return []
    findings = []
    for cause, off in (
        ("update-too-large", [m for m in moved if m[0] > limits.update_high]),
        ("update-too-small", [m for m in moved if m[0] < limits.update_low]),
    ):
        if not off or (cause == "update-too-small" and len(off) <= len(moved) / 2):
            continue
        ratio, series = (max if cause == "update-too-large" else min)(off, key=lambda m: m[0])
        p = series[-1]
        message = (
            f"an update changes {p.label} by {ratio:.2g} of its size, in {len(off)} of {len(moved)} weights the like; "
            f"about 0.001 is usual: the learning rate is too {'high' if ratio > 1 else 'low'} for it"
        )
        event = event_of_update(window.last, p)
        facts = {"ratio": ratio, "weights": len(off), "of": len(moved)}
        findings.append(found(cause, window.last, p.path, p.name, event, message, facts))
    return findings


def frozen_parameter(window: Window, limits: Thresholds) -> list[Finding]:
    """A parameter that forward uses and no update changes, though it has a gradient, or because it got none.

    Symptom: not one bit of it changes over the window (SageMaker's UnchangedTensor allows rtol 1e-5, atol 1e-8 over 3
    steps; what changes by so little here is an update that is too small). A gradient of exactly 0 has other causes.
    """
    findings: dict[str, Finding] = {}
    for series in window.parameters() if window.long else []:
        p = series[-1]
        cut_off = p.gradient is not None and not typical(series)
        if p.path in findings or cut_off or any(q.changed is not False for q in series):
            continue  # one of a layer's parameters speaks for all
        why = "backward leaves it no gradient" if p.gradient is None else f"its gradient has norm {typical(series):.3g}"
        message = f"{p.label} stays the same for {len(series)} iterations, though forward uses it: {why}"
        facts = {"iterations": len(series), "gradient_norm": None if p.gradient is None else typical(series)}
        event = event_of_update(window.last, p)
        findings[p.path] = found("frozen-parameter", window.last, p.path, p.name, event, message, facts)
    return list(findings.values())


def zero_init(window: Window, limits: Thresholds) -> list[Finding]:
    """A weight that starts out as one number throughout: its units are all alike and, with 0, pass no gradient on.

    Symptom: all its elements are the same at the run's first iteration (MindSpore Insight's recommender: all zeros).
    A last layer of zeros learns all the same, and is information only.
    """
    weights, first = window.weights(), window.vitals[0]
    if first.iteration:
        return []
    findings = []
    for series in weights:
        p = series[0]
        if p.constant:
            last = series is weights[-1] and len(weights) > 1
            zero = p.weight == 0
            harm = "nothing passes through it, back or forth" if zero else "its units are all the same, and stay so"
            message = f"{p.label} starts out as {'zeros' if zero else 'one number throughout'}: {harm}"
            severity = "info" if last and zero else "warning"
            event = event_of_update(first, p)
            facts = {"norm": p.weight, "elements_alike": True}
            findings.append(found("zero-init", first, p.path, p.name, event, message, facts, severity))
    return findings


def event_of_update(at: Vitals, p: Parameter) -> int:
    """Where an iteration updates a parameter, else where its layer's backward is."""
    for index, address in enumerate(at.addresses):
        if address.phase == "update" and address.path == p.label:
            return index
    return p.event
