"""Datasets in memory, and batches of them found by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mtorch.errors import MtorchError
from mtorch.layers.base import Array


class DataLoader:
    """Shuffled batches of (inputs, targets); the samples lie along axis 0.

    Iterating gives one epoch. `batch(n)` gives the n-th batch of the whole run, epoch after epoch,
    without the ones before: the order of an epoch comes from a Philox generator keyed by seed and
    epoch (Salmon et al. 2011). A last batch that would be short is left out.
    """

    def __init__(self, inputs: Array, targets: Array, batch_size: int, *, shuffle: bool = True, seed: int = 0) -> None:
        if len(inputs) != len(targets):
            raise MtorchError(f"DataLoader expected as many targets as inputs ({len(inputs)}), got {len(targets)}")
        if not 1 <= batch_size <= len(inputs):
            raise MtorchError(f"DataLoader expected a batch_size in 1..{len(inputs)}, got {batch_size}")
        self.inputs, self.targets = inputs, targets
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self._epoch = 0
        self._order: tuple[int, Array] | None = None

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.inputs) // self.batch_size

    def order(self, epoch: int) -> Array:
        """The sample numbers of an epoch, in its order."""
        known = self._order
        if known is None or known[0] != epoch:
            numbers = np.arange(len(self.inputs))
            if self.shuffle:
                np.random.Generator(np.random.Philox(key=[self.seed, epoch])).shuffle(numbers)
            self._order = (epoch, numbers)
            return numbers
        return known[1]

    def batch(self, number: int) -> tuple[Array, Array]:
        epoch, position = divmod(number, len(self))
        start = position * self.batch_size
        chosen = self.order(epoch)[start : start + self.batch_size]
        return self.inputs[chosen], self.targets[chosen]

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        epoch, self._epoch = self._epoch, self._epoch + 1
        for position in range(len(self)):
            yield self.batch(epoch * len(self) + position)
