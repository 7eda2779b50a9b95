"""Why a gradient is wrong: hypotheses, each tried against the numbers."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Derivative, rms
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.gradcheck import TOLERANCE, Check, Evidence
from mtorch.layers.base import Array


def fit(analytic: Array, candidate: Array) -> tuple[float, float]:
    """The constant c for which c * candidate is nearest to analytic, and the relative distance left."""
    size = float(candidate @ candidate)
    if size == 0 or not np.isfinite(size):
        return 0.0, np.inf
    constant = float(analytic @ candidate) / size
    return constant, rms(analytic - constant * candidate) / (rms(analytic) or 1.0)


def diagnose(trace: Trace, results: list[tuple[Check, Evidence]]) -> list[Finding]:
    """Findings for the checks that failed, one for the same cause at all its time steps."""
    groups: defaultdict[tuple[Any, ...], list[tuple[Check, dict[str, Any]]]] = defaultdict(list)
    derivatives: dict[int, Derivative] = {}
    for check, found in results:
        if check.ok is not False:
            continue
        for cause, facts in causes(trace, check, found, derivatives):
            key = (cause, check.path, check.tensor, facts.get("matches_t"), facts.get("constant"))
            groups[key].append((check, facts))
    return [finding(cause, members, trace) for (cause, *_), members in groups.items()]


def causes(
    trace: Trace, check: Check, found: Evidence, derivatives: dict[int, Derivative]
) -> list[tuple[str, dict[str, Any]]]:
    """The causes of one wrong tensor, each with the numbers that speak for it."""
    if not found.right_shape:
        return [("wrong-shape", {})]
    if not np.isfinite(found.analytic).all():
        return [("unknown", {"relative_error": None})]
    if not found.analytic.any():
        return [("zero-gradient", {})]
    constant, distance = fit(found.analytic, found.numerical)
    if distance <= TOLERANCE:
        return [scale(constant, distance)]
    call = trace.events[check.event].call
    best: tuple[float, float, int | None] = (np.inf, 0.0, None)
    for event in trace.events:
        other = event.call
        a = event.address
        if other is None or call is None or a.path != check.path or a.t is None or a.t == check.t:
            continue
        derivative = derivatives.setdefault(event.index, Derivative(other))
        if derivative.output().shape != call.grad_output.shape:
            continue
        elsewhere = derivative.along(found.slot, found.directions, call.grad_output).values
        constant, distance = fit(found.analytic, elsewhere)
        if distance < best[0]:
            best = (distance, constant, a.t)
    distance, constant, t = best
    if t is None or distance > TOLERANCE:
        if handed := same_inside(trace, check):
            return [("wrong-tensor", handed)]
        return [("unknown", {"relative_error": rounded(check.relative_error)})]
    stale = [("stale-cache", {"matches_t": t, "distance": distance})]
    return stale if abs(constant - 1) <= TOLERANCE else [*stale, scale(constant, distance)]


def same_inside(trace: Trace, check: Check) -> dict[str, Any]:
    """Its own grad_output, or a tensor of an inner event, if a layer handed that on as its own gradient."""
    outer = trace.events[check.event]
    recorded = outer.tensors[check.tensor]
    for event in trace.events[check.event : outer.end]:
        if event.call is None:
            continue
        for name, tensor in event.tensors.items():
            handed = event is not outer or name == "grad_output"
            if handed and tensor.shape == recorded.shape and np.array_equal(tensor, recorded):
                a = event.address
                return {"is_tensor": name, "of_path": a.path, "of_t": a.t}
    return {}


def scale(constant: float, distance: float) -> tuple[str, dict[str, Any]]:
    near = Fraction(constant).limit_denominator(100_000)
    # Nearly any number is near some fraction; only one with a small part has a reason.
    simple = min(abs(near.numerator), near.denominator) <= 16
    exact = simple and abs(float(near) - constant) <= TOLERANCE * abs(constant)
    if exact and near == -1:
        return "wrong-sign", {"constant": "-1", "distance": distance}
    return "wrong-scale", {"constant": str(near) if exact else f"{constant:.6g}", "distance": distance}


def rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def finding(cause: str, members: list[tuple[Check, dict[str, Any]]], trace: Trace) -> Finding:
    """One finding for the same cause at all its time steps."""
    first, facts = members[0]
    steps = tuple(sorted({check.t for check, _ in members if check.t is not None}))
    evidence = {key: value for key, value in facts.items() if key != "distance"}
    distances = [f["distance"] for _, f in members if "distance" in f]
    if distances:
        evidence["relative_distance"] = rounded(max(distances))
    errors = [check.relative_error for check, _ in members if check.relative_error is not None]
    if errors:
        evidence["relative_error"] = rounded(max(errors))
    where = f"{first.path}'s {first.tensor}" + (f" at {spoken(steps)}" if steps else "")
    if cause == "stale-cache":
        last = evidence["matches_t"]
        said = (
            f"{where} is the derivative at the input of t={last} (it matches to {max(distances):.0e}): "
            f"backward uses what the call at t={last} saved, not what its own call saw"
        )
    elif cause == "wrong-scale":
        said = f"{where} is the true gradient times {facts['constant']}{origin(facts['constant'], first, trace)}"
    elif cause == "wrong-sign":
        said = f"{where} is the true gradient with the wrong sign"
    elif cause == "wrong-tensor":
        at = "" if facts["of_t"] is None else f" at t={facts['of_t']}"
        said = f"{where} is another tensor: {facts['of_path']}'s {facts['is_tensor']}{at}, handed on unchanged"
    elif cause == "zero-gradient":
        said = f"{where} is zero everywhere, and the true gradient is not"
    elif cause == "wrong-shape":
        said = f"{where} is missing or has not the shape of what it is the gradient of"
    else:
        said = f"{where} is wrong, and no hypothesis explains it" + (
            f" (relative error {max(errors):.2g})" if errors else ""
        )
    return Finding(cause, "error", first.path, first.tensor, trace.iteration, steps, said, evidence, first.event)


def origin(constant: str, check: Check, trace: Trace) -> str:
    """What a constant may come from, by the sizes at hand."""
    call = trace.events[check.event].call
    if call is None:
        return ""
    shape = call.grad_output.shape
    named = {"out_dim": shape[-1]} if shape else {}
    if len(shape) > 1:
        named["batch"] = shape[-2]
    if len(shape) > 2:
        named["T"] = shape[0]
    names = [f"1/{name}" for name, n in named.items() if constant == str(Fraction(1, n))]
    names += [name for name, n in named.items() if constant == str(n)]
    return f" ({' or '.join(names)})" if names else ""


def spoken(steps: tuple[int, ...]) -> str:
    """Time steps in words: t=0…8, or t=1, 3."""
    if len(steps) > 2 and steps == tuple(range(steps[0], steps[-1] + 1)):
        return f"t={steps[0]}…{steps[-1]}"
    return "t=" + ", ".join(map(str, steps))
