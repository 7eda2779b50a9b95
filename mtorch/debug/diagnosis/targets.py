"""Targets that the last layer cannot reach, whatever its gradients."""

from __future__ import annotations

import copy

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Event, Trace

SLACK = 1e-6
FAR = 1e4


def unreachable_target(trace: Trace) -> list[Finding]:
    """A bounded head whose range leaves targets out. The range is measured: the head is fed -1e4 … 1e4."""
    loss = next((e for e in trace.events if e.address.phase == "loss"), None)
    head = next((e for e in trace.events if e.call is not None and e.end == e.index + 1), None)
    if loss is None or head is None:
        return []
    target, output = loss.tensors["target"], loss.tensors["output"]
    reach = reachable(head)
    if reach is None or target.shape != output.shape or target.dtype.kind != "f":
        return []
    low, high = reach
    outside = (target < low - SLACK) | (target > high + SLACK)
    if not outside.any():
        return []
    floor = float(0.5 * np.square(target - np.clip(target, low, high)).mean())
    path = head.address.path
    message = (
        f"{path} gives values in {low:.3g}…{high:.3g}, but {outside.mean():.0%} of the targets lie outside "
        f"({target.min():.3g}…{target.max():.3g}): half the squared error per element cannot fall below {floor:.4f}"
    )
    evidence = {"range": [low, high], "share_outside": float(outside.mean()), "lowest_loss_per_element": floor}
    return [Finding("unreachable-target", "error", path, "output", trace.iteration, (), message, evidence, loss.index)]


def reachable(head: Event) -> tuple[float, float] | None:
    """The least and the largest output of a layer without parameters, or None where it has no such bounds."""
    call = head.call
    if call is None or call.layer.parameters or len(call.inputs) != 1:
        return None
    layer = copy.deepcopy(call.layer)
    try:
        outputs = [layer.forward(np.full(call.inputs[0].shape, x)) for x in np.linspace(-FAR, FAR, 41)]
    except Exception:  # a stranger's layer may refuse such inputs in any way it likes
        return None
    low, high = round(float(np.min(outputs)), 9), round(float(np.max(outputs)), 9)
    return (low, high) if np.isfinite([low, high]).all() else None
