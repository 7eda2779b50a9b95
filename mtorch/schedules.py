"""Learning-rate schedules: functions of the number of a step, so that any step's rate can be told at once.

An optimiser takes one in place of a number: SGD(module, lr=CosineAnnealingLR(0.1, 1000)). The names and the
values are those of torch.optim.lr_scheduler, with a step of the schedule for each step of the optimiser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Schedule = Callable[[int], float]


class StepLR(NamedTuple):
    """lr * gamma ** (step // step_size)"""

    lr: float
    step_size: int
    gamma: float = 0.1

    def __call__(self, step: int) -> float:
        return float(self.lr * self.gamma ** (step // self.step_size))


class ExponentialLR(NamedTuple):
    """lr * gamma ** step"""

    lr: float
    gamma: float

    def __call__(self, step: int) -> float:
        return float(self.lr * self.gamma**step)


class LinearLR(NamedTuple):
    """From lr * start_factor to lr * end_factor within total_iters steps, and on at that: a warm-up."""

    lr: float
    start_factor: float = 1 / 3
    end_factor: float = 1.0
    total_iters: int = 5

    def __call__(self, step: int) -> float:
        share = min(step, self.total_iters) / self.total_iters
        return self.lr * (self.start_factor + (self.end_factor - self.start_factor) * share)


class CosineAnnealingLR(NamedTuple):
    """eta_min + (lr - eta_min) * (1 + cos(pi * step / T_max)) / 2 (Loshchilov and Hutter 2017, eq. 5)"""

    lr: float
    T_max: int
    eta_min: float = 0.0

    def __call__(self, step: int) -> float:
        return float(self.eta_min + (self.lr - self.eta_min) * (1 + np.cos(np.pi * step / self.T_max)) / 2)
