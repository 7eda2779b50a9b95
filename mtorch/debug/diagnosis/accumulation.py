"""Whether what a parameter's gradient ends up as is what its layer's backward calls contributed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Derivative, directions_for, rms
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Event, Trace
from mtorch.debug.gradcheck import TOLERANCE, slopes
from mtorch.layers.base import Array, Layer
from mtorch.naming import paths


class Lifted(Layer):
    """A layer whose own parameter is one of a layer inside it."""

    def __init__(self, layer: Any, place: int, name: str) -> None:
        super().__init__()
        self.inner, self.place = layer, place
        self.parameters = {name: paths(layer)[place][1].parameters[name]}

    def forward(self, x: Any) -> Any:
        part = paths(self.inner)[self.place][1]
        part.parameters = {**part.parameters, **self.parameters}
        return self.inner.forward(x)


def wrong_accumulation(trace: Trace) -> list[Finding]:
    """A finding for each parameter whose gradient is neither the sum of its calls' contributions nor, else, right."""
    found = (judged(trace, path, name, *pair) for (path, name), pair in trace.accumulated.items())
    return [finding for finding in found if finding is not None]


def judged(trace: Trace, path: str, name: str, before: Array | None, after: Array | None) -> Finding | None:
    parts = [
        event.call.gradients[name]
        for event in trace.events
        if event.call is not None and event.address.path == path and name in event.call.gradients
    ]
    if after is None and not parts:
        return None
    shape = (*parts, after)[0].shape  # type: ignore[union-attr]
    got = np.zeros(shape) if after is None else after
    total: Array = sum(parts[1:], parts[0]) if parts else np.zeros(shape)
    if got.shape != total.shape or not np.isfinite(got).all() or not np.isfinite(total).all():
        return None  # said elsewhere
    # A backward may add to what was there, or begin anew.
    candidates = [got] if before is None or before.shape != got.shape else [got, got - before]
    if parts and any(near(candidate, total) for candidate in candidates):
        return None
    true = composite(trace, path, name)
    if true is None and not parts:
        return None
    directions = directions_for(got)
    if true is not None and any(near(slopes(candidate, directions), true) for candidate in candidates):
        return None
    cause, words, evidence = cause_of(got, parts, total, true, directions)
    at = next((e for e in trace.events if e.address.phase == "update" and e.address.path == f"{path}.{name}"), None)
    event = at.index if at is not None else next(e.index for e in trace.events if e.address.phase == "backward")
    message = f"what the optimiser gets as {path}'s grad_{name} {words}"
    return Finding(cause, "error", path, f"grad_{name}", trace.iteration, (), message, evidence, event)


def cause_of(
    got: Array, parts: list[Array], total: Array, true: Array | None, directions: list[Array]
) -> tuple[str, str, dict[str, Any]]:
    """The cause, the rest of a sentence, and the evidence."""
    calls = f"the sum of its {len(parts)} backward calls' contributions" if len(parts) > 1 else "its backward call's"
    if parts and not got.any():
        return "missing-accumulation", f"is nothing, and not {calls}", {"calls": len(parts)}
    for number, part in enumerate(parts):
        if len(parts) > 1 and near(got, part):
            alone = f"is what backward call {number + 1} of {len(parts)} contributed alone"
            facts = {"is_call": number + 1, "calls": len(parts)}
            return "missing-accumulation", f"{alone}, and not {calls}: = where += belongs", facts
    values, against = (got.ravel(), total.ravel()) if parts else (slopes(got, directions), true)
    what = calls if parts else "the true gradient"
    if against is not None and against.any():
        constant = float(values @ against / (against @ against))
        if near(values, constant * against):
            if abs(constant - 2) < 1e-9 and parts:
                return "double-accumulation", f"is twice {calls}", {"constant": "2"}
            cause = "wrong-sign" if abs(constant + 1) < TOLERANCE else "wrong-scale"
            return cause, f"is {what} times {constant:.6g}", {"constant": f"{constant:.6g}"}
    return "unknown", f"is not {what}, and no hypothesis explains it", {}


def composite(trace: Trace, path: str, name: str) -> Array | None:
    """The true gradient's slopes along random directions, by the whole network; None where that can't be measured."""
    roots: list[Event] = [e for e in trace.events if e.address.phase == "backward" and e.parent is None and e.call]
    if len(roots) != 1 or roots[0].call is None or path not in roots[0].call.inside:
        return None
    call = roots[0].call
    lifted = replace(call, layer=Lifted(call.layer, call.inside.index(path), name))
    derivative = Derivative(lifted)
    found = derivative.along(name, directions_for(derivative.value(name)), call.grad_output)
    return found.values if found.sure.all() else None


def near(a: Array, b: Array) -> bool:
    """Equal, but for rounding."""
    return rms(a - b) <= TOLERANCE * max(rms(a), rms(b))
