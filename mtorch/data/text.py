"""Text as numbers: batches of characters and of those that follow them, found by number."""

from __future__ import annotations

import numpy as np

from mtorch.errors import MtorchError
from mtorch.layers.base import Array


class Characters:
    """Batches (x, target) of windows of a text, both (seq, batch): target is x moved on by one character.

    Characters are numbered in the order of `alphabet`, which is sorted. The windows of a batch start at
    random places (Philox, keyed by seed and the batch's number). Raises MtorchError for a text that is too short.
    """

    def __init__(self, text: str, batch: int, seq: int, *, seed: int = 0) -> None:
        if len(text) < seq + 2:
            raise MtorchError(
                f"Characters expected a text of more than seq + 1 = {seq + 1} characters, got {len(text)}"
            )
        self.alphabet = "".join(sorted(set(text)))
        self.numbers: Array = np.array([self.alphabet.index(c) for c in text])
        self.batch_size, self.seq, self.seed = batch, seq, seed

    def batch(self, number: int) -> tuple[Array, Array]:
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        starts = rng.integers(0, len(self.numbers) - self.seq, self.batch_size)
        windows = self.numbers[starts + np.arange(self.seq + 1)[:, None]]
        return windows[:-1], windows[1:]

    def text(self, numbers: Array) -> str:
        """Numbers as the characters that they stand for."""
        return "".join(self.alphabet[n] for n in numbers)
