"""Goals of the framework: what its layers cost, next to bare numpy and to PyTorch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import scenarios
from mtorch import SGD, DataLoader, Module, Sequential, SquareLoss, Training
from mtorch.debug.session import Session
from mtorch.layers import Linear2
from scenarios.digits import perceptron
from tests.bench import inline
from tests.bench.goals import Goal
from tests.bench.measure import Measured, interleaved, python, repeated


def digits() -> Training:
    """mnist-mlp on pictures of noise: 784-16-16-10, batch 20, float32. What they show makes no difference here."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((4000, 784), np.float32), rng.integers(0, 10, 4000).astype(np.uint8)
    module = Module(Sequential(perceptron(Linear2, 0, 16, needs_input_grad=False)(28)))
    loader = DataLoader(images, labels, 20)
    return Training(module, SquareLoss(module.backward), SGD(module, 0.01), loader, transform=True, epoch=len(loader))


def sine(seq: int) -> Training:
    return scenarios.find("rnn-sin-cos").build(0, None, {"seq": seq})


def against_inline(make: Any, bare: Any, times: int) -> Measured:
    return interleaved(repeated(make().step, times), repeated(bare(make()), times))


def against_torch(make: Any, network: str, times: int) -> Measured:
    from tests.bench import pytorch

    return interleaved(repeated(make().step, times), repeated(getattr(pytorch, network)(make()), times))


def session(times: int = 640) -> Measured:
    """A session that traces nothing, against a plain loop."""
    driven, plain = Session(digits()), digits()
    at = 0

    def seek() -> None:
        nonlocal at
        at += times
        driven.seek(at)

    return interleaved(seek, repeated(plain.step, times))


def importing() -> Measured:
    return interleaved(python("import mtorch"), python("import numpy"), rounds=15)


def of_rnn(seq: int, times: int) -> list[Goal]:
    make = partial(sine, seq)
    return [
        Goal(f"rnn {seq} steps / inline numpy", 2, partial(against_inline, make, inline.recurrent, times)),
        Goal(f"rnn {seq} steps / torch.nn.RNN", 0.3, partial(against_torch, make, "recurrent", times), "torch"),
    ]


GOALS = [
    Goal("mnist-mlp iteration / inline numpy", 1.3, partial(against_inline, digits, inline.perceptron, 300)),
    Goal("mnist-mlp iteration / PyTorch eager", 0.15, partial(against_torch, digits, "perceptron", 100), "torch"),
    *of_rnn(10, 100),
    *of_rnn(50, 20),
    Goal("session that traces nothing / plain loop", 1.03, session),
    Goal("import mtorch / import numpy", 1.2, importing),
]
