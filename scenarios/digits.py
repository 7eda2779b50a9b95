"""Handwritten digits by a small multilayer perceptron: as it should be, and with the seed's scaling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mtorch import SGD, DataLoader, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import load_digits, read_mnist
from scenarios.faults.seed import SeedLinear
from scenarios.registry import Scenario


def images(arrays: dict[str, Any], part: str) -> Any:
    """Images as rows of floats, in 0..1."""
    pixels = arrays[f"{part}_images"].reshape(len(arrays[f"{part}_images"]), -1)
    brightest = 255 if pixels.shape[1] == 784 else 16
    return (pixels / brightest).astype(np.float32)


def build(
    linear: Any, reduction: str, centred: bool, seed: int, data: Path | None, hidden: int, batch: int, lr: float
) -> Training:
    arrays = read_mnist(data) if data else load_digits()
    inputs, test = images(arrays, "train"), images(arrays, "test")
    if centred:
        mean = inputs.mean(axis=0)
        inputs, test = inputs - mean, test - mean
    rng = np.random.default_rng(seed)
    module = Module(
        Sequential(
            [
                linear(inputs.shape[1], hidden, coe=2, rng=rng, needs_input_grad=not centred),
                layers.Relu(hidden),
                linear(hidden, hidden, coe=2, rng=rng),
                layers.Relu(hidden),
                linear(hidden, 10, coe=1, rng=rng),
                layers.Sigmoid(10),
            ]
        )
    )
    loader = DataLoader(inputs, arrays["train_labels"], batch, seed=seed)
    return Training(
        module,
        SquareLoss(module.backward, reduction=reduction),
        SGD(module, lr),
        loader,
        transform=True,
        test=(test, arrays["test_labels"]),
        epoch=len(loader),
    )


def make(seed: int, data: Path | None, **settings: Any) -> Training:
    return build(layers.Linear2, "batchmean", True, seed, data, **settings)


def make_seed(seed: int, data: Path | None, **settings: Any) -> Training:
    return build(SeedLinear, "sum", False, seed, data, **settings)


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
