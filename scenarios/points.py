"""Small problems in the plane: XOR, spirals, and spirals by a network that is much too deep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtorch import SGD, BCEWithLogitsLoss, CrossEntropyLoss, DataLoader, Module, Sequential, Training, layers
from mtorch.data import spirals, xor
from scenarios.registry import Scenario


def make_xor(seed: int, data: Path | None, hidden: int, lr: float) -> Training:
    rng = np.random.default_rng(seed)
    inner = [
        layers.Linear2(2, hidden, rng=rng, needs_input_grad=False),
        layers.Tanh(),
        layers.Linear2(hidden, 1, rng=rng),
    ]
    module = Module(Sequential(inner))
    corners, labels = xor()
    loader = DataLoader(2 * corners - 1, labels, 4, seed=seed)
    return Training(module, BCEWithLogitsLoss(module.backward), SGD(module, lr), loader)


def on_spirals(seed: int, inner: list[layers.Layer], batch: int, lr: float, momentum: float) -> Training:
    module = Module(Sequential(inner))
    points, labels = spirals(300, seed=seed)
    order = np.random.default_rng(seed).permutation(len(points))
    train, test = order[:-150], order[-150:]
    loader = DataLoader(points[train], labels[train], batch, seed=seed)
    return Training(
        module,
        CrossEntropyLoss(module.backward),
        SGD(module, lr, momentum),
        loader,
        transform=True,
        test=(points[test], labels[test]),
        epoch=len(loader),
    )


def make_spirals(seed: int, data: Path | None, hidden: int, batch: int, lr: float) -> Training:
    rng = np.random.default_rng(seed)
    inner = [
        layers.Linear2(2, hidden, coe=2, rng=rng, needs_input_grad=False),
        layers.Relu(),
        layers.Linear2(hidden, hidden, coe=2, rng=rng),
        layers.Relu(),
        layers.Linear2(hidden, 3, rng=rng),
    ]
    return on_spirals(seed, inner, batch, lr, 0.9)


def make_deep(seed: int, data: Path | None, hidden: int, depth: int, batch: int, lr: float) -> Training:
    rng = np.random.default_rng(seed)
    inner: list[layers.Layer] = []
    for number in range(depth - 1):
        first = number == 0
        inner.append(layers.Linear2(2 if first else hidden, hidden, rng=rng, needs_input_grad=not first))
        inner.append(layers.Tanh())
    inner.append(layers.Linear2(hidden, 3, rng=rng))
    return on_spirals(seed, inner, batch, lr, 0.9)


XOR = Scenario(
    "xor",
    "exclusive or, by a perceptron of 4-1: the smallest network to step through",
    make_xor,
    {"hidden": 4, "lr": 0.5},
    ("mlp", "classification"),
)
SPIRALS = Scenario(
    "spirals",
    "three spiral arms told apart by a perceptron of 32-32-3",
    make_spirals,
    {"hidden": 32, "batch": 50, "lr": 0.05},
    ("mlp", "classification"),
    epochs=100,
)
DEEP_MLP = Scenario(
    "deep-mlp",
    "20 layers of tanh on the spirals, to watch gradients flow",
    make_deep,
    {"hidden": 16, "depth": 20, "batch": 50, "lr": 0.01},
    ("mlp", "classification"),
    epochs=100,
)
