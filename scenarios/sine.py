"""Recurrent networks that follow a sine and tell its cosine; healthy, with a linear head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import SineCosine
from scenarios.registry import Scenario

SETTINGS = {"hidden": 32, "seq": 10, "batch": 32, "lr": 0.3}


def scenario(name: str, article: str, kind: Any, **settings: Any) -> Scenario:
    """That kind of recurrent layer, with its initial states zeros of a shape of their own."""

    def make(seed: int, data: Path | None, hidden: int, seq: int, batch: int, lr: float) -> Training:
        rng = np.random.default_rng(seed)
        module = Module(Sequential([kind(1, hidden, rng=rng), layers.Linear3(hidden, 1, rng=rng)]))
        waves = SineCosine(batch, seq, hidden, states=len(kind.states), seed=seed)
        units = [f"{letter}{unit}" for letter in kind.gate_letters for unit in range(hidden)]
        gates = (f"{kind.__name__.lower()}.{inner}.output" for inner in ("gates", "sigmoid") if units)
        names = dict.fromkeys(gates, units)
        return Training(module, SquareLoss(module.backward, reduction="mean"), SGD(module, lr), waves, names=names)

    summary = f"{article} {kind.__name__} that turns a sine into its cosine"
    return Scenario(name, summary, make, {**SETTINGS, **settings}, ("rnn", "regression"))


RNN_SIN_COS = scenario("rnn-sin-cos", "an", layers.RNN)
LSTM_SIN_COS = scenario("lstm-sin-cos", "an", layers.LSTM)
GRU_SIN_COS = scenario("gru-sin-cos", "a", layers.GRU)
