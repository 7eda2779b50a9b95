"""What the faults of the gallery share: tiny trainings on noise, and how a class becomes a scenario."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mtorch import SGD, Module, Sequential, SquareLoss, Training
from mtorch.layers.base import Array, Layer
from scenarios.registry import Scenario

Stack = Callable[[np.random.Generator], list[Layer]]
Expected = tuple[str, str, str, list[int] | None]


class Noise:
    """Batches of noise: inputs of one shape or of several, targets of another."""

    def __init__(self, x: Any, y: tuple[int, ...], seed: int, count: int, labels: int) -> None:
        self.x, self.y, self.seed, self.count, self.labels = x, y, seed, count, labels

    def batch(self, number: int) -> tuple[Any, Array]:
        rng = np.random.default_rng((self.seed, number))
        several = isinstance(self.x[0], tuple)
        shapes = self.x if several else (self.x,)
        inputs = [rng.integers(self.count, size=s) if self.count else rng.standard_normal(s) for s in shapes]
        targets = rng.integers(self.labels, size=self.y) if self.labels else rng.standard_normal(self.y)
        return tuple(inputs) if several else inputs[0], targets


def fault(
    kind: type,
    stack: Stack,
    x: Any,
    y: tuple[int, ...],
    *expected: Expected,
    count: int = 0,
    labels: int = 0,
    loss: Any = SquareLoss,
) -> Scenario:
    """The scenario of a wrong class: its name, and its docstring's first line, say what is wrong.

    `x` is the inputs' shape, or a tuple of shapes, `y` the targets'; each of `expected` is a cause, a path, a
    tensor and time steps. Inputs are whole numbers below `count`, targets labels below `labels`, where given.
    """

    def make(seed: int, data: Path | None, lr: float) -> Training:
        module = Module(Sequential(stack(np.random.default_rng(seed))))
        batches = Noise(x, y, seed, count, labels)
        return Training(module, loss(module.backward), SGD(module, lr), batches, transform=bool(labels))

    name = re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", kind.__name__).lower()
    summary = (inspect.getdoc(kind) or "").splitlines()[0].rstrip(".")
    found = tuple(dict(zip(("cause", "path", "tensor", "t"), e, strict=True)) for e in expected)
    return Scenario(f"fault-{name}", summary, make, {"lr": 0.05}, ("fault", "gallery"), found)
