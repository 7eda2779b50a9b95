"""Sine waves and the cosines that belong to them: endless batches, found by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.layers.base import Array


class SineCosine:
    """Batches ((h0, x), target): x = sin, target = cos, both (seq, batch, 1); h0 zeros (batch, hidden).

    `states` of 2 gives (h0, c0, x). Each sample starts at a phase of its own; successive time steps are
    `step` radians apart, a fifth of a period unless told otherwise. At t=0 the sign of the cosine can't
    be known from the sine, so half of the squared error has a floor of 0.25 / seq per element.
    """

    def __init__(
        self,
        batch: int = 32,
        seq: int = 10,
        hidden: int = 32,
        step: float = 2 * np.pi / 5,
        *,
        states: int = 1,
        seed: int = 0,
    ) -> None:
        self.batch_size, self.seq, self.hidden, self.step = batch, seq, hidden, step
        self.states, self.seed = states, seed

    def batch(self, number: int) -> tuple[tuple[Any, ...], Array]:
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        phase = rng.uniform(0, 2 * np.pi, (1, self.batch_size, 1))
        angle = phase + self.step * np.arange(self.seq).reshape(-1, 1, 1)
        initial = (np.zeros((self.batch_size, self.hidden), np.float32),) * self.states
        return (*initial, np.sin(angle).astype(np.float32)), np.cos(angle).astype(np.float32)
