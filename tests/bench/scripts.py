"""Goals of `mtorch run`: what it costs a stranger's script, iteration by iteration."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.instruments import NAMES, Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly
from mtorch.debug.strangers.tape import Tape
from tests.bench.goals import Goal
from tests.bench.measure import Measured, interleaved

ITERATIONS = 5
"""As many as `mtorch run` records unless told."""
RATE = 0.01
"""With a larger one, the network is dead after some iterations: all its gradients are zero, and there is less to do."""


class Dense:
    def __init__(self, rng: Any, n: int, m: int) -> None:
        self.w, self.b = rng.standard_normal((n, m)) * np.sqrt(2 / n), np.zeros(m)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.w + self.b

    def backward(self, grad: Any) -> Any:
        self.grads = {"w": self.x.T @ grad, "b": grad.sum(0)}
        return grad @ self.w.T

    def step(self, lr: float) -> None:
        self.w, self.b = self.w - lr * self.grads["w"], self.b - lr * self.grads["b"]


class Relu:
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, grad: Any) -> Any:
        return grad * (self.x > 0)


class Program:
    """784-16-16-10 on batches of 20, as in the seed."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.layers = [Dense(rng, 784, 16), Relu(), Dense(rng, 16, 16), Relu(), Dense(rng, 16, 10)]
        self.x, self.y = rng.random((20, 784)), np.eye(10)[rng.integers(0, 10, 20)]

    def run(self) -> None:
        for _ in range(ITERATIONS):
            out = self.x
            for layer in self.layers:
                out = layer.forward(out)
            grad = (out - self.y) / len(out)
            for layer in self.layers[::-1]:
                grad = layer.backward(grad)
            for layer in self.layers[::2]:
                layer.step(RATE)


class Timed(Observer):
    """An observer that measures how long it makes the script wait at the ends of iterations."""

    waited = 0.0

    def end(self) -> None:
        began = time.perf_counter()
        super().end()
        self.waited += time.perf_counter() - began


def recorded(checked: bool = False, calls_only: bool = False) -> Measured:
    """The program's iterations watched, and `checked` and recorded, against the same without.

    `calls_only`: without what is done at the end of an iteration, which is all but noting calls and copying arrays.
    """
    watched, plain = Program(), Program()
    done, waited = 0, 0.0
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        tape = Tape(Path(folder) / "a.mtr", {})

        def over(trace: Any, state: Any) -> None:
            with quietly(Dense, Relu):
                if checked:
                    tape.add(trace, state, examined(trace))

        def work() -> None:
            nonlocal done, waited
            observer = Timed(over)
            observer.iteration = done
            with Instruments(observer, "") as instruments:
                for cls in (Dense, Relu):
                    instruments.attach(cls, NAMES[0])
                watched.run()
                observer.end()
            assert not observer.broken, observer.broken
            done, waited = observer.iteration, observer.waited

        found = interleaved(work, plain.run, rounds=9, apart=lambda: waited if calls_only else 0.0)
        tape.end()
    assert all(layer.grads["w"].any() for layer in watched.layers[::2]), "the network is dead"
    return found


NAME = "mtorch run, an iteration of a seed-like MLP {} / plain"
GOALS = [
    Goal(NAME.format("watched, checked, recorded"), 2, lambda: recorded(checked=True)),
    Goal(NAME.format("watched, its trace made"), 2, recorded),
    Goal(NAME.format("watched, while it is under way"), 2, lambda: recorded(calls_only=True)),
]
