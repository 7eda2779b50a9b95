"""Why a gradient is wrong: hypotheses, each tried against the numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Derivative, rms
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.diagnosis.hypotheses import HYPOTHESES, Case, Guess
from mtorch.debug.diagnosis.hypotheses.case import near
from mtorch.debug.events import Trace
from mtorch.debug.gradcheck import GENERIC, TOLERANCE, Check, Judged
from mtorch.debug.naming import is_input
from mtorch.debug.twins import own
from mtorch.layers.base import Array

ENOUGH = 2
"""A tensor that has stayed unexplained at so many time steps is not asked about again."""


def fit(analytic: Array, candidate: Array) -> tuple[float, float]:
    """The constant c for which c * candidate is nearest to analytic, and the relative distance left."""
    size = float(candidate @ candidate)
    if size == 0 or not np.isfinite(size):
        return 0.0, np.inf
    constant = float(analytic @ candidate) / size
    return constant, rms(analytic - constant * candidate) / (rms(analytic) or 1.0)


def diagnose(trace: Trace, results: Judged) -> list[Finding]:
    """Findings for the checks that failed, one for the same cause at all its time steps."""
    groups: defaultdict[tuple[Any, ...], list[tuple[Check, Guess]]] = defaultdict(list)
    derivatives: dict[int, Derivative] = {}
    unknown: Counter[tuple[str, str]] = Counter()
    for check, found in results:
        if check.ok is not False or found is None:
            continue
        place = check.path, check.tensor
        for guess in causes(Case(trace, check, found), derivatives, unknown[place] < ENOUGH):
            unknown[place] += guess.cause == "unknown"
            key = (guess.cause, *place, guess.facts.get("matches_t"), guess.facts.get("constant"))
            groups[key].append((check, guess))
    return [finding(members, trace) for members in groups.values()]


def causes(case: Case, derivatives: dict[int, Derivative], hopeful: bool) -> list[Guess]:
    """The causes of one wrong tensor, each with the numbers that speak for it."""
    found = case.found
    if not found.right_shape:
        return [turned(case) or Guess("wrong-shape", "is missing or has not the shape of what it is the gradient of")]
    if not np.isfinite(found.analytic).all():
        return [Guess("unknown", "is not finite", {"relative_error": None})]
    if not found.analytic.any():
        return [Guess("zero-gradient", "is zero everywhere, and the true gradient is not")]
    constant, distance = fit(found.analytic, found.numerical)
    scaled = scale(case, constant, distance) if distance <= TOLERANCE else None
    if scaled is not None and "." not in scaled.facts["constant"]:
        return [scaled]
    guess = None
    if hopeful:
        elsewhere = [] if case.generic else stale(case, derivatives)
        if elsewhere:
            return elsewhere
        guess = next((guess for hypothesis in HYPOTHESES if (guess := tried(hypothesis, case)) is not None), None)
    return [guess or scaled or unexplained(case)]


def tried(hypothesis: Callable[[Case], Guess | None], case: Case) -> Guess | None:
    """What a hypothesis says; nothing where a stranger's layer does not go along."""
    try:
        return hypothesis(case)
    except Exception:
        if own(case.layer):
            raise
        return None


def stale(case: Case, derivatives: dict[int, Derivative]) -> list[Guess]:
    """The derivative at what another call of the layer saw, perhaps up to a constant."""
    check, found = case.check, case.found
    grad_output = case.call.grad_output
    best: tuple[float, float, int | None] = (np.inf, 0.0, None)
    for event in case.trace.events:
        other, a = event.call, event.address
        if other is None or a.path != check.path or a.t is None or event.index == check.event:
            continue
        derivative = derivatives.setdefault(event.index, Derivative(other))
        if derivative.output().shape != grad_output.shape:
            continue
        if derivative.value(found.slot).shape != found.directions[0].shape:
            continue
        elsewhere = derivative.along(found.slot, found.directions, grad_output).values
        constant, distance = fit(found.analytic, elsewhere)
        if distance < best[0]:
            best = (distance, constant, a.t)
    distance, constant, t = best
    single = abs(constant - 1) <= TOLERANCE
    # Of a single number, any other is a multiple.
    if t is None or distance > TOLERANCE or (found.directions[0].size == 1 and not single):
        return []
    said = (
        f"is the derivative at the input of t={t} (it matches to {{}}): backward uses what the call at t={t} "
        "saved, not what its own call saw"
    )
    guess = Guess("stale-cache", said, {"matches_t": t, "distance": distance})
    return [guess] if single else [guess, scale(case, constant, distance)]


def turned(case: Case) -> Guess | None:
    """The whole gradient, but with its axes the other way round."""
    recorded = case.call.gradients.get(case.slot)
    if recorded is None or recorded.shape != case.derivative.value(case.slot).shape[::-1]:
        return None
    true = case.true
    if true is None or not near(recorded.T, true):
        return None
    return Guess("transposed", f"is the true gradient transposed: {recorded.shape}, where {true.shape} belongs")


def scale(case: Case, constant: float, distance: float) -> Guess:
    near = Fraction(constant).limit_denominator(100_000)
    # Nearly any number is near some fraction; only one with a small part has a reason.
    simple = min(abs(near.numerator), near.denominator) <= 16
    exact = simple and abs(float(near) - constant) <= TOLERANCE * abs(constant)
    if exact and near == -1:
        return Guess("wrong-sign", "is the true gradient with the wrong sign", {"constant": "-1", "distance": distance})
    said = str(near) if exact else f"{constant:.6g}"
    facts = {"constant": said, "distance": distance}
    if said == "2" and not is_input(case.slot):
        return Guess("double-accumulation", "is twice the true gradient: what this call adds, it adds twice", facts)
    return Guess("wrong-scale", f"is the true gradient times {said}{origin(said, case)}", facts)


def unexplained(case: Case) -> Guess:
    """What can be said where nothing fits: how alike it is to the truth, what remains, and where."""
    error = case.check.relative_error
    facts: dict[str, Any] = {"relative_error": rounded(error)}
    said = "is wrong, and no hypothesis explains it" + (f" (relative error {error:.2g}" if error is not None else " (")
    true = case.true
    if true is not None and true.any():
        recorded = case.recorded
        cosine = float((recorded * true).sum() / (np.linalg.norm(recorded) * np.linalg.norm(true)))
        constant, rest = fit(recorded.ravel(), true.ravel())
        off = ~np.isclose(recorded, true, rtol=1e-6, atol=1e-6 * np.abs(true).max())
        facts |= {"cosine": rounded(cosine), "best_scale": rounded(constant), "rest": rounded(rest)}
        facts["wrong_cells"] = rounded(float(off.mean()))
        where = along_one_axis(off)
        facts |= {"wrong_at": where} if where else {}
        said += f"; its cosine to the true gradient is {cosine:.4g}; {off.mean():.0%} of its cells are wrong"
        said += f", all of them at {where}" if where else ""
    return Guess("unknown", said + ")", facts)


def along_one_axis(off: Array) -> str:
    """Where all wrong cells are in one slice, or in the border, in words; else nothing."""
    for axis in range(off.ndim):
        at = np.flatnonzero(off.any(axis=tuple(a for a in range(off.ndim) if a != axis)))
        if len(at) == 1 < off.shape[axis]:
            return f"index {at[0]} of axis {axis}"
    within: tuple[Any, ...] = (..., *[slice(1, -1)] * min(off.ndim, 2))
    inner = off[within]
    return "the border" if off.any() and inner.size and not inner.any() else ""


def rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def finding(members: list[tuple[Check, Guess]], trace: Trace) -> Finding:
    """One finding for the same cause at all its time steps."""
    first, guess = members[0]
    steps = tuple(sorted({check.t for check, _ in members if check.t is not None}))
    evidence = {key: value for key, value in guess.facts.items() if key != "distance"}
    distances = [g.facts["distance"] for _, g in members if "distance" in g.facts]
    if distances:
        evidence["relative_distance"] = rounded(max(distances))
    errors = [check.relative_error for check, _ in members if check.relative_error is not None]
    if errors:
        evidence["relative_error"] = rounded(max(errors))
    where = f"{first.path}'s {first.tensor}" + (f" at {spoken(steps)}" if steps else "")
    if GENERIC in first.method:
        evidence[GENERIC] = True
        where = f"{where}, {GENERIC},"
    said = guess.said.format(f"{max(distances):.0e}") if guess.cause == "stale-cache" and distances else guess.said
    message = f"{where} {said}"
    return Finding(
        guess.cause, "error", first.path, first.tensor, trace.iteration, steps, message, evidence, first.event
    )


def origin(constant: str, case: Case) -> str:
    """What a constant may come from, by the sizes at hand."""
    shape, p = case.call.grad_output.shape, getattr(case.layer, "p", None)
    named = {"out_dim": shape[-1]} if shape else {}
    if len(shape) > 1:
        named["batch"] = shape[-2]
    if len(shape) > 2:
        named |= {"T": shape[0], "(batch T)": shape[0] * shape[-2]}
    names = [f"1/{name}" for name, n in named.items() if constant == str(Fraction(1, n))]
    names += [name for name, n in named.items() if constant == str(n)]
    if isinstance(p, float) and 0 < p < 1:
        keeps = Fraction(1 - p).limit_denominator(1000)
        names += [words for words, value in (("1 - p", keeps), ("1/(1 - p)", 1 / keeps)) if constant == str(value)]
    return f" ({' or '.join(names)})" if names else ""


def spoken(steps: tuple[int, ...]) -> str:
    """Time steps in words: t=0…8, or t=1, 3."""
    if len(steps) > 2 and steps == tuple(range(steps[0], steps[-1] + 1)):
        return f"t={steps[0]}…{steps[-1]}"
    return "t=" + ", ".join(map(str, steps))
