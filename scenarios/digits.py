"""Handwritten digits: by a small multilayer perceptron, by the seed's version of it, and by a convolutional network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mtorch import SGD, Adam, CrossEntropyLoss, DataLoader, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import load_digits, read_mnist
from mtorch.naming import paths
from scenarios.faults.seed import SeedLinear
from scenarios.registry import Scenario


def images(arrays: dict[str, Any], part: str) -> Any:
    """Images as floats in 0..1: (n, height, width)."""
    pixels = arrays[f"{part}_images"]
    return (pixels / (255 if pixels.shape[1] == 28 else 16)).astype(np.float32)


def on_digits(
    seed: int, data: Path | None, centred: bool, row: bool, net: Any, loss: Any, optimizer: Any, batch: int, heads: int
) -> Training:
    """A training on the bundled digits, or on MNIST's files in `data`.

    `net` makes the layers for images of a side, whose pixels have mean 0 where `centred`, as rows or with a
    channel of their own; `loss` and `optimizer` are made for the module. The last layers, as many as `heads`, give out
    a number for each digit.
    """
    arrays = read_mnist(data) if data else load_digits()
    train, test = images(arrays, "train"), images(arrays, "test")
    side = train.shape[1]
    if centred:
        mean = train.mean(axis=0)
        train, test = train - mean, test - mean
    shape = (-1, side * side) if row else (-1, 1, side, side)
    module = Module(Sequential(net(side)))
    loader = DataLoader(train.reshape(shape), arrays["train_labels"], batch, seed=seed)
    names = ["output", *(f"{path}.output" for path, _ in paths(module.sequential)[-heads:])]
    return Training(
        module,
        loss(module.backward),
        optimizer(module),
        loader,
        transform=True,
        test=(test.reshape(shape), arrays["test_labels"]),
        epoch=len(loader),
        names={name: [str(digit) for digit in range(10)] for name in names},
    )


def perceptron(linear: Any, seed: int, hidden: int, **first: Any) -> Callable[[int], list[layers.Layer]]:
    """The seed's network, with a kind of Linear; `first` are options of the first one."""

    def net(side: int) -> list[layers.Layer]:
        rng = np.random.default_rng(seed)
        return [
            linear(side * side, hidden, coe=2, rng=rng, **first),
            layers.Relu(hidden),
            linear(hidden, hidden, coe=2, rng=rng),
            layers.Relu(hidden),
            linear(hidden, 10, coe=1, rng=rng),
            layers.Sigmoid(10),
        ]

    return net


def make(seed: int, data: Path | None, hidden: int, batch: int, lr: float) -> Training:
    net = perceptron(layers.Linear2, seed, hidden, needs_input_grad=False)
    return on_digits(seed, data, True, True, net, SquareLoss, partial(SGD, lr=lr), batch, heads=2)


def make_seed(seed: int, data: Path | None, hidden: int, batch: int, lr: float) -> Training:
    loss = partial(SquareLoss, reduction="sum")
    net = perceptron(SeedLinear, seed, hidden)
    return on_digits(seed, data, False, True, net, loss, partial(SGD, lr=lr), batch, heads=2)


def make_cnn(seed: int, data: Path | None, channels: int, batch: int, lr: float) -> Training:
    def net(side: int) -> list[layers.Layer]:
        rng = np.random.default_rng(seed)
        return [
            layers.Conv2d(1, channels, 3, padding=1, rng=rng, needs_input_grad=False),
            layers.Relu(),
            layers.MaxPool2d(2),
            layers.Conv2d(channels, 2 * channels, 3, padding=1, rng=rng),
            layers.Relu(),
            layers.MaxPool2d(2),
            layers.Flatten(),
            layers.Linear2(2 * channels * (side // 4) ** 2, 10, rng=rng),
        ]

    return on_digits(seed, data, True, False, net, CrossEntropyLoss, partial(Adam, lr=lr), batch, heads=1)


SETTINGS = {"hidden": 16, "batch": 20, "lr": 0.3}
MNIST_MLP = Scenario(
    "mnist-mlp",
    "digits by a perceptron of 16-16-10; MNIST with --data",
    make,
    SETTINGS,
    ("mlp", "classification"),
    epochs=5,
    takes_data=True,
)
MNIST_MLP_SEED = Scenario(
    "mnist-mlp-seed",
    "the same with the seed's scaling of gradients: it learns several times slower",
    make_seed,
    {**SETTINGS, "lr": 0.2},
    ("mlp", "classification", "fault"),
    tuple(
        {"cause": "wrong-scale", "path": f"linear{n}", "tensor": tensor, "t": None}
        for n in (1, 2, 3)
        for tensor in ("grad_input", "grad_weight", "grad_bias")
    ),
    epochs=30,
    takes_data=True,
)
MNIST_CNN = Scenario(
    "mnist-cnn",
    "digits by two convolutions; MNIST with --data",
    make_cnn,
    {"channels": 8, "batch": 50, "lr": 0.003},
    ("cnn", "classification"),
    epochs=5,
    takes_data=True,
)
