"""Jumps: forwards that jump and have no slope anywhere, such as a perceptron's: what their backwards give are rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtorch.debug.derivatives import Derivative, noise, rms
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Call, Trace
from mtorch.layers.base import Array

SAID = (
    "{}'s {} is no derivative and can't be checked: forward's output goes in steps, whose slope is 0 everywhere; "
    "what backward gives in its place is a rule, such as the perceptron's"
)
POINTS = 8
"""Where a forward is looked at that may go in steps."""
FAR = 1e-6
"""Moves beside which a step function stands still, as a rule."""


def stepped(trace: Trace, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, as information where there is nothing that a gradient could be compared with."""
    known: dict[int, bool] = {}

    def judged(f: Finding) -> Finding:
        call = trace.events[f.event].call
        if f.severity != "error" or f.cause not in ("unknown", "missing-term") or call is None:
            return f
        if f.event not in known:
            try:
                known[f.event] = in_steps(call)
            except Exception:  # a stranger's layer may refuse such numbers in any way it likes
                known[f.event] = False
        if not known[f.event]:
            return f
        return replace(f, severity="info", cause="unknown", message=SAID.format(f.path, f.tensor))

    return [judged(f) for f in findings]


def in_steps(call: Call) -> bool:
    """Whether the output moves by jumps alone: near none of some points, but from one to another."""
    derivative, jumped, seen = Derivative(call), False, None
    values = {slot: derivative.value(slot) for slot in derivative.slots()}
    for seed in range(POINTS):
        share = 0.0 if not seed else 1.0

        def at(further: float, share: float = share, seed: int = seed) -> Array:
            return derivative.output(
                {
                    slot: x + (share + further) * (rms(x) or 1.0) * noise(x.shape, seed * len(values) + n)
                    for n, (slot, x) in enumerate(values.items())
                }
            )

        here = at(0.0)
        if np.mean(at(FAR) != here) > 0.1 or not np.isfinite(here).all():
            return False
        jumped = jumped or (seen is not None and not np.array_equal(here, seen))
        seen = here
    return jumped
