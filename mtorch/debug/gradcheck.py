"""Gradient checks: what a backward call returned, against the numerical derivative of its own forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mtorch.debug.derivatives import FLOOR, Derivative, Slopes, directions_for, rms, unit
from mtorch.debug.events import Address, Call
from mtorch.layers.base import Array

TOLERANCE = 1e-6
MARGIN = 10.0
"""A gradient is called wrong where it is off by more than this many times the measurement's own uncertainty."""
MOST_ELEMENTS = 1000
"""Larger tensors are not differentiated element by element where directions meet a kink."""
SAMPLE = 60
"""So many elements of a stranger's larger tensors, as nobody knows what a call of theirs may take."""
UNSURE = "not checked: a kink, or too much rounding"
RANDOM = "not checked: forward gives another output each time"
LOST = "not checked: not finite"
GENERIC = "at a generic point"


@dataclass(frozen=True)
class Check:
    """One tensor of one backward call, judged. `ok` is None where nothing could be measured: not checked."""

    iteration: int
    path: str
    t: int | None
    tensor: str
    relative_error: float | None
    tolerance: float
    method: str
    ok: bool | None
    event: int


@dataclass(frozen=True)
class Evidence:
    """What a check measured: the recorded gradient and the true one, along the same random directions."""

    slot: str
    directions: list[Array]
    analytic: Array
    numerical: Array
    right_shape: bool
    call: Call


Judged = list[tuple[Check, Evidence | None]]
"""The checks of one call; of what is right, there may be no evidence."""


class Verdict:
    """What a gradient's values and those measured, along directions or by elements, come to.

    Both are None unless more than `share` of the values are sure measurements, which `sure` tells.
    """

    error: float | None = None
    ok: bool | None = None

    def __init__(
        self,
        analytic: Array,
        found: Slopes,
        norm: Callable[[Array], float],
        share: float,
        call: Call,
    ) -> None:
        self.sure = found.sure
        if self.sure.size and self.sure.mean() <= share:
            return
        analytic, true, uncertain = analytic[self.sure], found.values[self.sure], found.uncertain[self.sure]
        size = max(call.least / FLOOR * found.floor, norm(true), norm(analytic[np.isfinite(analytic)]))
        off = np.abs(analytic - true)
        beyond = norm(np.maximum(off - MARGIN * uncertain, 0.0))
        self.error = norm(off) / size if size else 0.0
        self.ok = bool(beyond <= call.tolerance * size)


def check_call(address: Address, event: int, call: Call, exhaustive: bool = False) -> Judged:
    """Each tensor of a backward call against the derivative along random directions; `exhaustive`: and by elements."""
    derivative = Derivative(call)
    repeatable = derivative.repeatable()
    results: Judged = []
    for slot in call.slots:
        gradient, shape = call.gradients.get(slot), derivative.value(slot).shape
        shaped = gradient is not None and gradient.shape == shape
        ok: bool | None
        if gradient is None or not shaped or not repeatable:
            directions = directions_for(derivative.value(slot))
            blank = np.full(len(directions), np.nan)
            evidence, error = Evidence(slot, directions, blank, blank, shaped, call), None
            ok, method = (False, "shape") if not shaped else (None, RANDOM)
        else:
            evidence, error, method, ok = compare(derivative, slot, gradient, call, exhaustive)
        error = error if error is not None and np.isfinite(error) else None
        results.append((check_of(address, event, call, slot, error, method, ok), evidence))
    return results


def check_of(
    address: Address, event: int, call: Call, slot: str, error: float | None, method: str, ok: bool | None
) -> Check:
    """The check of one of a call's tensors."""
    name = call.names.get(slot, f"grad_{slot.removeprefix('#')}")
    return Check(address.iteration, address.path, address.t, name, error, call.tolerance, method, ok, event)


def compare(
    derivative: Derivative, slot: str, gradient: Array, call: Call, exhaustive: bool
) -> tuple[Evidence, float | None, str, bool | None]:
    """What was measured of a gradient, its relative error (None: not measured), the method, and whether it is right."""
    grad_output, directions = call.grad_output, directions_for(derivative.value(slot))
    found = derivative.along(slot, directions, grad_output)
    # Where half of the directions meet a kink, the others may have missed it by chance.
    verdict = Verdict(slopes(gradient, directions), found, rms, 0.5, call)
    small = gradient.size <= (SAMPLE if call.spread else MOST_ELEMENTS) and np.isfinite(found.values).all()
    if exhaustive or (verdict.ok is None and small):
        whole = derivative.whole(slot, grad_output)
        by_element = Verdict(gradient, whole, largest, 0.0, call)
        known = by_element.sure
        if known.any():
            # Directions that leave the kinks out are measured where the whole ones are not.
            directions = [np.where(known, direction, 0.0) for direction in directions]
            values = slopes(np.where(known, whole.values, 0.0), directions)
            share = "every element" if known.all() else f"{known.sum()} of {known.size} elements"
            found = Slopes(values, np.zeros(len(values)), f"{whole.method}, {share}", whole.floor)
            verdict = by_element
    elif verdict.ok is None and call.spread:
        directions = sampled(gradient)
        found = derivative.along(slot, directions, grad_output)
        verdict = Verdict(slopes(gradient, directions), found, largest, 0.0, call)
        share = f"{verdict.sure.sum()} of {gradient.size} elements"
        if verdict.sure.any():
            directions = [d for d, sure in zip(directions, verdict.sure, strict=True) if sure]
            found = found._replace(values=found.values[verdict.sure], method=f"{found.method}, {share}")
    evidence = Evidence(slot, directions, slopes(gradient, directions), found.values, True, call)
    if verdict.ok is None:
        return evidence, None, UNSURE if np.isfinite(found.values).any() else LOST, None
    return evidence, verdict.error, found.method, verdict.ok


def sampled(value: Array) -> list[Array]:
    """Unit vectors for some elements, the same for every value of a size."""
    chosen = np.random.default_rng(0).choice(value.size, min(SAMPLE, value.size), replace=False)
    return [unit(int(element), value.shape) for element in chosen]


def largest(values: Array) -> float:
    """The largest magnitude; 0 of nothing."""
    return float(np.abs(values).max(initial=0.0))


def slopes(gradient: Array, directions: list[Array]) -> Array:
    """A gradient's slope along each direction."""
    return np.array([(gradient * direction).sum() for direction in directions])
