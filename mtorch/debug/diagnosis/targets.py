"""Targets that the last layer cannot reach, whatever its gradients."""

from __future__ import annotations

import copy

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.naming import inner_layers, paths
from mtorch.training import Training

SLACK = 1e-6
FAR = 1e4


def unreachable_target(training: Training, trace: Trace) -> list[Finding]:
    """A bounded head whose range leaves targets out. The range is measured: the head is fed -1e4 … 1e4."""
    layers = list(inner_layers(training.model.sequential))
    event = next((e for e in trace.events if e.address.phase == "loss"), None)
    if not layers or event is None or getattr(layers[-1], "parameters", None):
        return []
    target, output = event.tensors["target"], event.tensors["output"]
    if target.shape != output.shape or target.dtype.kind != "f":
        return []
    head = copy.deepcopy(layers[-1])
    probe = np.broadcast_to(np.linspace(-FAR, FAR, 401).reshape(-1, 1), (401, output.shape[-1]))
    reached = np.asarray(head.forward(probe))
    low, high = float(reached.min()), float(reached.max())
    outside = (target < low - SLACK) | (target > high + SLACK)
    if not outside.any():
        return []
    floor = float(0.5 * np.square(target - np.clip(target, low, high)).mean())
    path = next(path for path, layer in paths(training.model.sequential) if layer is layers[-1])
    message = (
        f"{path} gives values in {low:.3g}…{high:.3g}, but {outside.mean():.0%} of the targets lie outside "
        f"({target.min():.3g}…{target.max():.3g}): half the squared error per element cannot fall below {floor:.4f}"
    )
    evidence = {"range": [low, high], "share_outside": float(outside.mean()), "lowest_loss_per_element": floor}
    return [Finding("unreachable-target", "error", path, "output", trace.iteration, (), message, evidence, event.index)]
