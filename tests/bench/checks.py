"""Goals of gradient checks: next to PyTorch's gradcheck, which says right or wrong of the whole, and not where."""

from __future__ import annotations

from functools import partial

import numpy as np

from mtorch import Training
from mtorch.debug.report import examine
from mtorch.debug.tracer import trace
from tests.bench.framework import digits, sine
from tests.bench.goals import Goal
from tests.bench.measure import Measured, Work, interleaved


def check(training: Training, exhaustive: bool = False, within: float = 1e-6) -> Work:
    """Our check of an iteration that is traced already; every gradient must turn out right."""
    found = trace(training.astype(np.float64), 0)

    def work() -> None:
        report = examine(found, exhaustive)
        assert all(check.ok for check in report.checks), "a right gradient was not found right"
        assert max(check.relative_error or 0.0 for check in report.checks) <= within

    return work


def perceptron(exhaustive: bool) -> Measured:
    from tests.bench import pytorch

    theirs = pytorch.gradcheck_perceptron(digits(), fast=not exhaustive)
    return interleaved(check(digits(), exhaustive, 1e-12), theirs, rounds=3 if exhaustive else 21)


def recurrent() -> Measured:
    from tests.bench import pytorch

    return interleaved(check(sine(50)), pytorch.gradcheck_recurrent(sine(50)), rounds=7)


GOALS = [
    Goal("exhaustive check of mnist-mlp, to 1e-12 / gradcheck slow", 1 / 30, partial(perceptron, True), "torch"),
    Goal("check of mnist-mlp / gradcheck fast", 1 / 10, partial(perceptron, False), "torch"),
    Goal("check of rnn 50 steps, located / gradcheck fast", 1 / 7, recurrent, "torch"),
]
