"""A case: one wrong tensor of one backward call, with all that a hypothesis may try it against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative, Unmeasured, rms
from mtorch.debug.events import Call, Trace
from mtorch.debug.gradcheck import GENERIC, TOLERANCE, Check, Evidence
from mtorch.debug.naming import is_input, position
from mtorch.debug.work import WORK, cost
from mtorch.layers.base import Array

MOST_ELEMENTS = 4096
"""Larger tensors are compared along directions only."""
MOST_CALLS = 20_000
"""Forward calls that a single derivative may take."""
TIMES = 8
"""So many times the work of one question may be spent on a whole derivative of a stranger's layer."""
LEAST_CALLS = 300
"""Forward calls that a derivative of a stranger's layer may take, whatever they cost."""


@dataclass(frozen=True)
class Guess:
    """A hypothesis that fits: its cause, the rest of a sentence that begins with the tensor, and the numbers."""

    cause: str
    said: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Case:
    """One wrong tensor. Hypotheses compare whole gradients (`is_recorded`), or slopes along the check's directions."""

    trace: Trace
    check: Check
    found: Evidence

    @property
    def call(self) -> Call:
        """The call that was judged: with what is wrong inside it made right."""
        return self.found.call

    @property
    def slot(self) -> str:
        return self.found.slot

    @property
    def layer(self) -> Any:
        """As it was before its forward."""
        return self.call.layer

    @property
    def generic(self) -> bool:
        """Whether this is of a call that the run did not make: the trace knows nothing of it."""
        return GENERIC in self.check.method

    @cached_property
    def recorded(self) -> Array:
        return self.call.gradients[self.slot]

    @cached_property
    def derivative(self) -> Derivative:
        return Derivative(self.call, Budget(affordable(self.call) if self.call.spread else MOST_CALLS))

    @cached_property
    def output(self) -> Array:
        return self.derivative.output()

    @cached_property
    def true(self) -> Array | None:
        """The whole right gradient, None where that is too large or can't be measured."""
        if self.derivative.value(self.slot).size > MOST_ELEMENTS:
            return None
        try:
            found = self.derivative.gradient(self.slot, self.call.grad_output)
        except Unmeasured:
            return None
        return found if np.isfinite(found).all() else None

    def input(self) -> Array | None:
        """What the gradient is of, where that is an input."""
        return self.call.inputs[position(self.slot)] if is_input(self.slot) else None

    def is_recorded(self, candidate: Array | None) -> bool:
        """Whether a whole gradient is the recorded one, but for rounding."""
        return candidate is not None and candidate.shape == self.recorded.shape and near(candidate, self.recorded)

    def fits(self, slopes: Array) -> bool:
        """Whether slopes along the check's directions are those of the recorded gradient."""
        return bool(np.isfinite(slopes).all()) and near(slopes, self.found.analytic)

    def slopes(self, **changes: Any) -> Array:
        """The slopes of the call with some of its fields replaced: grad_output, inputs, layer.

        NaN where it raises, and where a stranger's are seen to be others by the first of them.
        """
        call = replace(self.call, **changes)
        try:
            derivative = Derivative(call, Budget(MOST_CALLS))
            if derivative.output().shape == call.grad_output.shape and self._begins(derivative, call):
                return derivative.along(self.slot, self.found.directions, call.grad_output).values
        except Exception:  # a stranger's layer may refuse such arguments in any way it likes
            pass
        return np.full(len(self.found.directions), np.nan)

    def _begins(self, derivative: Derivative, call: Call) -> bool:
        """Whether the slope along the first direction may be the recorded gradient's: most hypotheses end here.

        Measured by differences, as a stranger's forward may drop imaginary numbers; but for what lies at a kink.
        """
        if not call.spread:
            return True
        slope, uncertain = derivative.central(self.slot, self.found.directions[0], call.grad_output)
        off = abs(slope - float(self.found.analytic[0]))
        return not off > 10 * uncertain + max(1e-3, self.call.tolerance) * rms(self.found.analytic)

    def slopes_cut(self, layer: Any) -> Array:
        """The slopes by a layer parts of which drop imaginary parts: the complex step sees those as constant."""
        derivative = Derivative(replace(self.call, layer=layer), Budget(MOST_CALLS))
        try:
            return derivative.by_complex_step(self.slot, self.found.directions, self.call.grad_output)
        except Unmeasured:
            return np.full(len(self.found.directions), np.nan)


def affordable(call: Call) -> float:
    """Forward calls of a stranger's layer that a derivative may take."""
    return min(MOST_CALLS, max(LEAST_CALLS, TIMES * WORK / cost(call)))


def near(a: Array, b: Array) -> bool:
    """Equal, but for rounding, and not both nothing."""
    size = max(rms(a), rms(b))
    return size > 0 and rms(a - b) <= TOLERANCE * size


def axis_words(axis: int, shape: tuple[int, ...]) -> str:
    """An axis in words, by the layouts (batch, …) and (seq, batch, …)."""
    return {0: "time step" if len(shape) == 3 else "sample", len(shape) - 2: "sample"}.get(
        axis, f"index of axis {axis}"
    )
