"""Where the first number came from that is not finite."""

from __future__ import annotations

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Event, Trace
from mtorch.layers.base import Array


def not_finite(trace: Trace) -> list[Finding]:
    """The first event, of those with none inside, at which NaN or infinity appears; of each iteration one."""
    for event in trace.events:
        if event.end != event.index + 1:
            continue
        for name, tensor in event.tensors.items():
            if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
                return [born(event, name, tensor)]
    return []


def born(event: Event, name: str, tensor: Array) -> Finding:
    a = event.address
    where, steps = a.path or event.label, () if a.t is None else (a.t,)
    counts = {"NaN": int(np.isnan(tensor).sum()), "Inf": int(np.isinf(tensor).sum())}
    counted = " and ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    message = (
        f"{where}'s {name}{f' at t={a.t}' if steps else ''} in {a.phase} is the first tensor with numbers that are "
        f"not finite: {counted} of {tensor.size}"
    )
    evidence = {kind.lower(): count for kind, count in counts.items()}
    return Finding("non-finite", "error", where, name, a.iteration, steps, message, evidence, event.index)
