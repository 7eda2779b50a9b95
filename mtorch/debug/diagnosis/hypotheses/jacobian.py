"""Hypotheses about the Jacobian: only its diagonal, or a well-known slope taken at the wrong number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative, Unmeasured, unit
from mtorch.debug.diagnosis.hypotheses.case import Case, Guess, near
from mtorch.layers.base import Array

MOST = 64
"""Elements of a Jacobian's diagonal that are measured one by one: of larger ones so many, spread evenly."""

SLOPES: dict[str, Callable[[Array], Array]] = {
    "v * (1 - v)": lambda v: v * (1 - v),
    "1 - v**2": lambda v: 1 - v * v,
    "v > 0": lambda v: np.where(v > 0, 1.0, 0.0),
}
"""Derivatives as they are written in terms of a layer's output v."""


def diagonal_only(case: Case) -> Guess | None:
    """grad_output times the Jacobian's diagonal: how each output depends on its own input only."""
    x, grad = case.input(), case.call.grad_output
    if x is None or x.shape != grad.shape or case.recorded.shape != grad.shape or not x.size:
        return None
    places = np.unique(np.linspace(0, x.size - 1, MOST).astype(int))
    diagonal = jacobian_diagonal(case, places)
    if diagonal is None or not near(diagonal * grad.ravel()[places], case.recorded.ravel()[places]):
        return None
    said = "is the Jacobian's diagonal times grad_output: how an output depends on the other inputs is left out"
    return Guess("diagonal-only-jacobian", said, {"diagonal_mean": round(float(diagonal.mean()), 6)})


def jacobian_diagonal(case: Case, places: Array) -> Array | None:
    """The Jacobian's diagonal at some places, as numpy's flat counts."""
    derivative = Derivative(case.call, Budget(20 * MOST))
    shape = case.call.grad_output.shape
    diagonal = np.empty(len(places))
    for number, place in enumerate(places):
        only = unit(int(place), shape)
        try:
            (diagonal[number],) = derivative.along(case.slot, [only], only).values
        except Unmeasured:
            return None
    return diagonal if np.isfinite(diagonal).all() else None


def formula_at_input(case: Case) -> Guess | None:
    """A slope that is a formula of the output, with the input put into it."""
    x, y, grad = case.input(), case.output, case.call.grad_output
    if x is None or x.shape != grad.shape:
        return None
    for formula, slope in SLOPES.items():
        if case.true is not None and np.allclose(slope(y) * grad, case.true) and case.is_recorded(slope(x) * grad):
            said = f"is {formula} times grad_output with v the input, where v must be the output"
            return Guess("wrong-tensor", said, {"is_tensor": "input", "instead_of": "output", "formula": formula})
    return None
