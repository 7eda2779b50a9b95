"""Calls in single precision, made again in double precision where a layer's code goes along."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch.debug.strangers.doubling import TOLERANCE
from mtorch.debug.strangers.here import moment

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 3)).astype(np.float32)


class Single:
    off = 0.0

    def __init__(self) -> None:
        self.W = rng.normal(size=(3, 2)).astype(np.float32)
        self.same = [self.W]

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.tanh(x @ self.same[0])

    def backward(self, grad: Any) -> Any:
        dz = grad * (1 - np.tanh(self.x @ self.W) ** 2)
        self.dW = self.x.T @ dz * (1 + self.off)
        return dz @ self.W.T


class SlightlyOff(Single):
    off = 1e-4


class Narrowing(SlightlyOff):
    def forward(self, x: Any) -> Any:
        return super().forward(x).astype(np.float32)


CASES = [(Single, True, True), (SlightlyOff, True, False), (Narrowing, False, True)]


@pytest.mark.parametrize(("cls", "double", "right"), CASES)
def test_what_single_precision_hides_is_found_in_double(cls: type, double: bool, right: bool) -> None:
    _, _, report = moment(cls(), (X,), np.ones((4, 2), np.float32))
    checks = {check.tensor: check for check in report.checks}
    assert (checks["grad_W"].tolerance == TOLERANCE) is double
    assert checks["grad_W"].ok is right
    assert checks["grad_input"].ok
