"""Trainings whose every gradient is right, and that go wrong all the same: one for each rule of health.

Small enough to step through; the check names what is wrong with each from its first iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mtorch import SGD, CrossEntropyLoss, DataLoader, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import load_digits, spirals
from scenarios.points import on_spirals
from scenarios.registry import Scenario

HIDDEN = 16
Net = list[layers.Layer]


def perceptron(seed: int, depth: int, activation: Any, coe: float = 2.0, first: int = 2, classes: int = 3) -> Net:
    """`depth` linear layers with activations between them."""
    rng = np.random.default_rng(seed)
    net: Net = []
    for number in range(depth - 1):
        net.append(layers.Linear2(HIDDEN if number else first, HIDDEN, coe, rng=rng, needs_input_grad=number > 0))
        net.append(activation())
    return [*net, layers.Linear2(HIDDEN, classes, rng=rng)]


def linears(net: Net) -> list[layers.Layer]:
    return [layer for layer in net if layer.parameters]


def sigmoids(seed: int, data: Path | None, depth: int, lr: float) -> Training:
    """A sigmoid's derivative is 1/4 at most: after ten of them, a millionth of the gradient is left."""
    return on_spirals(seed, perceptron(seed, depth, layers.Sigmoid, 1.0), 50, lr, 0.9)


def normalised(seed: int, data: Path | None, depth: int, lr: float) -> Training:
    """Batch norms with nothing to bridge them: each multiplies what goes back by 1.21 (Yang et al. 2019)."""
    net: Net = []
    for layer in perceptron(seed, depth, layers.Relu):
        net += [layers.BatchNorm1d(HIDDEN), layer] if isinstance(layer, layers.Relu) else [layer]
    return on_spirals(seed, net, 50, lr, 0.0)


def dead(seed: int, data: Path | None, bias: float, lr: float) -> Training:
    """Biases so far below 0 that no input brings a rectifier above it; with no gradient, nothing ever will."""
    net = perceptron(seed, 3, layers.Relu)
    for layer in linears(net)[:-1]:
        layer.parameters["bias"] = layer.parameters["bias"] - np.float32(bias)
    return on_spirals(seed, net, 50, lr, 0.9)


def saturated(seed: int, data: Path | None, scale: float, lr: float) -> Training:
    """Weights so large that every tanh says -1 or 1, where it is flat."""
    net = perceptron(seed, 4, layers.Tanh, 1.0)
    for layer in linears(net)[:-1]:
        layer.parameters["weight"] = layer.parameters["weight"] * np.float32(scale)
    return on_spirals(seed, net, 50, lr, 0.0)


class Partial(SGD):
    """An optimiser of a part of the network, in a loop that does zero_grad for the whole."""

    def __init__(self, whole: Module, part: Module, lr: float) -> None:
        super().__init__(part, lr)
        self.whole = whole

    def step(self) -> None:
        super().step()
        self.whole.zero_grad()


def frozen(seed: int, data: Path | None, lr: float) -> Training:
    """The optimiser was given the last layers only, and the first one stays as it was drawn."""
    training = on_spirals(seed, perceptron(seed, 3, layers.Relu), 50, lr, 0.0)
    known = training.model.sequential.layers[1:]
    training.optimizer = Partial(training.model, Module(Sequential(known)), lr)
    return training


def regression(seed: int, data: Path | None, lr: float) -> Training:
    """A step that overshoots the minimum by more than it was away from it: each one makes matters worse."""
    digits = load_digits()
    images = (digits["train_images"].reshape(-1, 64) / 16).astype(np.float32)
    module = Module(Sequential([layers.Linear2(64, 10, rng=seed, needs_input_grad=False)]))
    loader = DataLoader(images - images.mean(axis=0), digits["train_labels"], 50, seed=seed)
    return Training(module, SquareLoss(module.backward), SGD(module, lr), loader, transform=True, epoch=len(loader))


def creeping(seed: int, data: Path | None, lr: float) -> Training:
    """A learning rate that is a thousand times too low: all is right, and nothing happens."""
    return on_spirals(seed, perceptron(seed, 3, layers.Relu), 50, lr, 0.0)


def zeros(seed: int, data: Path | None, lr: float) -> Training:
    """All weights start at 0. Hidden units are all the same, and nothing passes through them, forward or back."""
    net = perceptron(seed, 3, layers.Relu)
    for layer in linears(net):
        layer.parameters["weight"] = np.zeros_like(layer.parameters["weight"])
    return on_spirals(seed, net, 50, lr, 0.9)


def raw(seed: int, data: Path | None, lr: float) -> Training:
    """Pixels as they come, 0 to 16, neither centred nor scaled."""
    digits = load_digits()
    images = digits["train_images"].reshape(-1, 64).astype(np.float32)
    module = Module(Sequential(perceptron(seed, 2, layers.Tanh, 1.0, 64, 10)))
    loader = DataLoader(images, digits["train_labels"], 50, seed=seed)
    return Training(
        module, CrossEntropyLoss(module.backward), SGD(module, lr), loader, transform=True, epoch=len(loader)
    )


def rare(seed: int, data: Path | None, share: float, lr: float) -> Training:
    """One arm of the spirals has hardly any points: a network that never names it is right nearly always."""
    points, labels = spirals(600, seed=seed)
    chosen = (labels != 2) | (np.random.default_rng(seed).random(len(labels)) < share)
    module = Module(Sequential(perceptron(seed, 3, layers.Relu)))
    loader = DataLoader(points[chosen], labels[chosen], 50, seed=seed)
    return Training(
        module, CrossEntropyLoss(module.backward), SGD(module, lr), loader, transform=True, epoch=len(loader)
    )


def certain(seed: int, data: Path | None, scale: float, lr: float) -> Training:
    """The last layer's weights are so large that the network is sure of itself before it has seen anything."""
    net = perceptron(seed, 3, layers.Relu)
    net[-1].parameters["weight"] = net[-1].parameters["weight"] * np.float32(scale)
    return on_spirals(seed, net, 50, lr, 0.0)


class KeepsGradients(SGD):
    """A step that leaves the gradients where they are, in a loop that forgets zero_grad."""

    def step(self) -> None:
        kept = [layer.gradients for _, layer in self._layers]
        super().step()
        for (_, layer), gradients in zip(self._layers, kept, strict=True):
            layer.gradients = gradients


def unreset(seed: int, data: Path | None, lr: float) -> Training:
    """Every backward adds to the gradients of all iterations before. Gradients are no part of a state, so that going
    back, which starts from none, does not show quite the same.
    """
    training = on_spirals(seed, perceptron(seed, 3, layers.Relu), 50, lr, 0.0)
    training.optimizer = KeepsGradients(training.model, lr)
    return training


def sick(
    name: str, summary: str, make: Callable[..., Training], *expected: tuple[str, str, str], **settings: float
) -> Scenario:
    """`expected` are causes, paths and tensors."""
    found = tuple({"cause": cause, "path": path, "tensor": tensor, "t": None} for cause, path, tensor in expected)
    return Scenario(f"sick-{name}", summary, make, settings, ("mlp", "sick"), found)


SICK = (
    sick(
        "vanishing",
        "ten sigmoids in a row: no gradient is left for the first layer",
        sigmoids,
        ("vanishing-gradient", "linear1", "grad_weight"),
        depth=11,
        lr=0.1,
    ),
    sick(
        "exploding",
        "40 batch norms in a row: gradients grow on their way back",
        normalised,
        ("exploding-gradient", "linear1", "grad_weight"),
        depth=41,
        lr=0.0001,
    ),
    sick(
        "dead-relu",
        "biases far below 0: no rectifier is ever above it",
        dead,
        *(("dead-units", path, "output") for path in ("relu1", "relu2")),
        bias=10.0,
        lr=0.05,
    ),
    sick(
        "saturated",
        "weights so large that every tanh is at -1 or 1",
        saturated,
        *(("saturated-units", path, "output") for path in ("tanh1", "tanh2", "tanh3")),
        scale=100.0,
        lr=0.001,
    ),
    sick(
        "frozen",
        "the optimiser was given the last layers only",
        frozen,
        ("frozen-parameter", "linear1", "weight"),
        lr=0.05,
    ),
    sick(
        "lr-too-large",
        "a learning rate at which every step makes matters worse",
        regression,
        ("loss-diverging", "", "value"),
        ("update-too-large", "linear", "weight"),
        lr=3.0,
    ),
    sick(
        "lr-too-small",
        "a learning rate at which nothing happens",
        creeping,
        ("update-too-small", "linear1", "weight"),
        lr=0.00005,
    ),
    sick(
        "zero-init",
        "all weights start at 0",
        zeros,
        *(("zero-init", path, "weight") for path in ("linear1", "linear2", "linear3")),
        lr=0.05,
    ),
    sick("unnormalised", "pixels as they come, from 0 to 16", raw, ("unnormalised-input", "", "input"), lr=0.01),
    sick(
        "imbalanced",
        "one class of three hardly ever comes",
        rare,
        ("imbalanced-classes", "", "target"),
        share=0.05,
        lr=0.05,
    ),
    sick(
        "initial-loss",
        "sure of itself before it has seen anything",
        certain,
        ("initial-loss-off", "", "value"),
        scale=30.0,
        lr=0.01,
    ),
    sick(
        "gradients-not-reset",
        "zero_grad is forgotten",
        unreset,
        ("gradients-not-reset", "linear1", "grad_weight"),
        lr=0.005,
    ),
)
