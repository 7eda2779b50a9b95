"""Targets that the last layer cannot reach, whatever its gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Call, Trace
from mtorch.debug.glance import row_by_row
from mtorch.debug.twins import own, spare
from mtorch.layers.base import Array

SLACK = 1e-3
"""A target outside a head's range by less than this share of it is not held against the head."""
REACH = np.concatenate((-np.geomspace(1e4, 20, 100), np.linspace(-20, 20, 4001), np.geomspace(20, 1e4, 100)))
MIXED = np.random.default_rng(0).permutation(len(REACH))
"""Another order of these."""


def unreachable_target(trace: Trace) -> list[Finding]:
    """A head whose range leaves targets out. The range is measured: the head is fed numbers from -1e4 to 1e4."""
    loss = next((e for e in trace.events if e.address.phase == "loss"), None)
    heads = (e for e in trace.events if e.address.phase == "backward" and e.call is not None and e.end == e.index + 1)
    head = next(heads, None)
    if loss is None or head is None or head.call is None:
        return []
    target, output = loss.tensors["target"], loss.tensors["output"]
    reach = reachable(head.call)
    if reach is None or target.shape != output.shape or target.dtype.kind not in "fiu":
        return []
    target = target.astype(np.float64)
    low, high = reach
    slack = SLACK * (high - low if np.isfinite(high - low) else 1.0)
    outside = (target < low - slack) | (target > high + slack)
    if not outside.any():
        return []
    floor = float(0.5 * np.square(target - np.clip(target, low, high)).mean())
    path = head.address.path
    span = f"in {low:.3g}…{high:.3g}"
    if not np.isfinite(high - low):
        span = f"from {low:.3g} up" if np.isfinite(low) else f"up to {high:.3g}"
    message = (
        f"{path} gives values {span}, but {outside.mean():.0%} of the targets lie outside "
        f"({target.min():.3g}…{target.max():.3g}): half the squared error per element cannot fall below {floor:.4f}"
    )
    bounds = [bound if np.isfinite(bound) else None for bound in reach]
    evidence = {"range": bounds, "share_outside": float(outside.mean()), "lowest_loss_per_element": floor}
    return [Finding("unreachable-target", "error", path, "output", trace.iteration, (), message, evidence, loss.index)]


def reachable(call: Call) -> tuple[float, float] | None:
    """The least and the largest output of a layer that works on each element by itself, infinite where there is no
    bound; None for any other layer, and for one without bounds.
    """
    if call.layer.parameters or len(call.inputs) != 1 or not call.inputs[0].size:
        return None
    shape = call.inputs[0].shape
    layer = spare(call.layer)
    try:
        outputs, again = (answers(layer, filled(values, shape))[: len(REACH)] for values in (REACH, REACH[MIXED]))
        if not np.allclose(again, outputs[MIXED], rtol=1e-9, atol=1e-9, equal_nan=True):
            return None  # what comes out depends on the neighbours
    except Exception:  # a stranger's layer may refuse such inputs in any way it likes
        return None
    middle = np.abs(REACH) < 5e3
    low, high = (round(float(bound), 9) for bound in (outputs.min(), outputs.max()))
    # What still grows at the end of the range has no bound there.
    low = low if outputs[middle].min() - low < 1e-6 else -np.inf
    high = high if high - outputs[middle].max() < 1e-6 else np.inf
    return (low, high) if np.isfinite([low, high]).any() and np.isfinite(outputs).all() else None


def answers(layer: Any, parts: list[Array]) -> Array:
    """What a layer gives for some inputs of one shape, in a row."""
    together = own(layer) and row_by_row(layer, parts[0])
    found: Array = np.concatenate([layer.forward(x).ravel() for x in ([np.concatenate(parts)] if together else parts)])
    return found


def filled(values: Array, shape: tuple[int, ...]) -> list[Array]:
    """Values in as many arrays of a shape as it takes, filled up with zeros."""
    size = math.prod(shape)
    parts = np.zeros((-(-len(values) // size), size))
    parts.flat[: len(values)] = values
    return [part.reshape(shape) for part in parts]
