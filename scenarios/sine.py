"""A recurrent network that follows a sine and tells its cosine; healthy, with a linear head."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import SineCosine
from scenarios.registry import Scenario


def make(seed: int, data: Path | None, hidden: int, seq: int, batch: int, lr: float) -> Training:
    rng = np.random.default_rng(seed)
    module = Module(Sequential([layers.RNN(1, hidden, rng=rng), layers.Linear3(hidden, 1, rng=rng)]))
    waves = SineCosine(batch, seq, hidden, seed=seed)
    return Training(module, SquareLoss(module.backward, reduction="mean"), SGD(module, lr), waves)


RNN_SIN_COS = Scenario(
    "rnn-sin-cos",
    "an RNN that turns a sine into its cosine",
    make,
    {"hidden": 32, "seq": 10, "batch": 32, "lr": 0.3},
    ("rnn", "regression"),
)
