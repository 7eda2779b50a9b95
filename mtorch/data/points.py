"""Points in the plane with a class each: small problems that a straight line can't solve."""

from __future__ import annotations

import numpy as np

from mtorch.layers.base import Array


def xor() -> tuple[Array, Array]:
    """The four corners of a square, and whether their coordinates differ: points (4, 2), labels (4, 1) of 0 and 1."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    return corners, (corners[:, :1] != corners[:, 1:]).astype(np.float32)


def spirals(count: int, classes: int = 3, noise: float = 0.15, seed: int = 0) -> tuple[Array, Array]:
    """Arms of a spiral: points (classes * count, 2) within the unit circle, and labels, arm after arm.

    The radius of a point grows evenly along its arm; its angle by 4 radians, with normal noise (the
    problem of Stanford's cs231n, "minimal neural network case study").
    """
    rng = np.random.default_rng(seed)
    radius = np.tile(np.linspace(0, 1, count), classes)
    labels = np.repeat(np.arange(classes), count)
    angle = 4 * (labels + radius) + rng.normal(0, noise, classes * count)
    points = np.stack((radius * np.sin(angle), radius * np.cos(angle)), axis=1)
    return points.astype(np.float32), labels
