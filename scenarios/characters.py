"""A recurrent network that learns to write, one character after another."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

from mtorch import Adam, CrossEntropyLoss, Module, Sequential, Training, layers
from mtorch.data import Characters
from scenarios.registry import Scenario

SEEN = {"\n": "↵", " ": "␣"}
"""Names for characters that can't be seen."""


def make(seed: int, data: Path | None, hidden: int, seq: int, batch: int, lr: float) -> Training:
    rng = np.random.default_rng(seed)
    text = Characters(files("scenarios").joinpath("text.txt").read_text(encoding="utf-8"), batch, seq, seed=seed)
    count = len(text.alphabet)
    inner = [
        layers.Embedding(count, 16, rng=rng),
        layers.RNN(16, hidden, rng=rng),
        layers.Linear3(hidden, count, rng=rng),
    ]
    module = Module(Sequential(inner))
    letters = [SEEN.get(character, character) for character in text.alphabet]
    return Training(
        module,
        CrossEntropyLoss(module.backward),
        Adam(module, lr),
        text,
        transform=True,
        max_norm=5.0,
        names=dict.fromkeys(("input", "embedding.input", "linear.output", "output"), letters),
    )


CHAR_RNN = Scenario(
    "char-rnn",
    "an RNN that reads a page and learns which character comes next",
    make,
    {"hidden": 64, "seq": 16, "batch": 16, "lr": 0.003},
    ("rnn", "classification", "text"),
)
