"""Epochs: a target in training, one epoch after another, without a debugger."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mtorch.errors import ScenarioError
from tui.targets import Target


class Epochs:
    """A training under way. `losses` holds the loss per element of every iteration so far."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.losses: list[float] = []

    def run(self) -> Iterator[float]:
        """One epoch's losses as they come. Raises ScenarioError at a loss that is not finite."""
        for _ in range(self.target.training.epoch):
            iteration = len(self.losses)
            with self.target.guest(f"iteration {iteration}"):
                loss = self.target.training.step(iteration).per_element
            if not math.isfinite(loss):
                raise ScenarioError(f"{self.target.name}: iteration {iteration}: the loss is not finite ({loss})")
            self.losses.append(loss)
            yield loss

    def mean(self) -> float:
        """The mean loss of the epoch that ended, or of the one under way as far as it has come."""
        begun = self.losses[-(len(self.losses) % self.target.training.epoch or self.target.training.epoch) :]
        return math.fsum(begun) / len(begun)

    def accuracy(self) -> float | None:
        """Share of the test set that is right, or None without one."""
        with self.target.guest("accuracy"):
            return self.target.training.accuracy()
