"""Scale: whether all parameters' gradients stand in the same proportion to the loss."""

from __future__ import annotations

import numpy as np

from mtorch.debug.derivatives import directions_for, rms
from mtorch.debug.diagnosis.accumulation import composite
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.gradcheck import TOLERANCE, slopes


def inconsistent_scale(trace: Trace) -> list[Finding]:
    """Gradients that are the true ones, each times a constant of its own: no learning rate then suits all layers.

    For a trace in double precision. What each parameter ends up with is compared with the slopes of the whole
    network's output against the loss's gradient, along random directions. Only gradients that are proportional to the
    true ones within the check's own tolerance count; the wrong-scale findings of single layers multiply up to these
    ratios.
    """
    scales: dict[str, float] = {}
    for (path, name), (_, got) in trace.accumulated.items():
        true = composite(trace, path, name) if got is not None and np.isfinite(got).all() else None
        if got is None or true is None or not true.any():
            continue
        found = slopes(got, directions_for(got))
        scale = float(found @ true / (true @ true))
        if scale and rms(found - scale * true) <= TOLERANCE * rms(found):
            scales[f"{path}.{name}" if path else name] = scale
    if len(scales) < 2:
        return []
    sizes = {label: abs(scale) for label, scale in scales.items()}
    low, high = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    if sizes[high] <= sizes[low] * (1 + TOLERANCE):
        return []
    message = (
        f"{low}'s gradient is the true one times {scales[low]:.3g}, {high}'s times {scales[high]:.3g}: "
        f"no learning rate suits both"
    )
    path, _, name = low.rpartition(".")
    update = (e.index for e in trace.events if e.address.phase == "update" and e.address.path == low)
    evidence = {"scales": {label: f"{scale:.4g}" for label, scale in scales.items()}}
    return [
        Finding(
            "inconsistent-scale",
            "warning",
            path,
            f"grad_{name}",
            trace.iteration,
            (),
            message,
            evidence,
            next(update, 0),
        )
    ]
