"""What layers share with the script around them is, after a trial, what it was before."""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from types import SimpleNamespace
from typing import Any

import numpy as np

from mtorch.debug.strangers.quiet import quietly


class Inner:
    """Held by nothing but a global name."""

    __slots__ = ("grad", "seen")

    def __init__(self) -> None:
        self.grad, self.seen = np.zeros(2), 0

    def run(self) -> None:
        self.grad += 1
        self.seen += 1


inner, count, dice = Inner(), 0, random.Random(0)
settings = SimpleNamespace(rates=OrderedDict(first=[1.0]), last=deque([1]), names={"a"})
unused = np.zeros(2)


def helper() -> float:
    global count
    count += 1
    inner.run()
    return dice.random()


def closed() -> Any:
    calls = 0

    def add() -> int:
        nonlocal calls
        calls += 1
        return calls

    return add


add = closed()


class Layer:
    generator = np.random.default_rng(0)
    calls: list[int] = []
    total = 0

    @staticmethod
    def static() -> None:
        helper()

    def forward(self) -> None:
        self.unused = self.generator.random()
        self.calls.append(1)
        Layer.total += 1
        Layer.static()
        add()
        settings.rates["first"].append(np.random.rand() + random.random())
        settings.rates.move_to_end("first")
        settings.rates["second"] = [2.0]
        settings.last.append(2)
        settings.names.clear()


def now() -> list[Any]:
    states = [Layer.generator.bit_generator.state, dice.getstate(), random.getstate(), np.random.get_state()[2]]
    held = {name: list(value) for name, value in vars(settings).items()}
    return [*states, held, settings.rates["first"][:], Layer.calls[:], Layer.total, count, inner.seen, *inner.grad]


def test_a_trial_leaves_what_is_around_a_layer_as_it_was() -> None:
    before, array, layer = now(), inner.grad, Layer()
    layer.forward()
    assert all(a != b for a, b in zip(now(), before, strict=True))
    before = now()
    with quietly(Layer):
        layer.forward()
        unused[:] += 1  # which the layer's methods don't use: a name of one of its own attributes says nothing
    assert now() == before and inner.grad is array and add() == 2
    assert unused.all()
