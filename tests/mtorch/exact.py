"""How far gradients are from complex-step derivatives: layers of shapes that are drawn, and the measure."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from mtorch import layers, losses

STEP = 1e-100
Random = np.random.Generator
Case = tuple[Any, Any]
"""A layer (or loss), and what goes into it."""


def size(rng: Random, low: int = 1, high: int = 4) -> int:
    return int(rng.integers(low, high + 1))


def normal(rng: Random, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape)


def leading(rng: Random) -> tuple[int, ...]:
    return tuple(size(rng, 1, 3) for _ in range(size(rng, 0, 3)))


def images(rng: Random, channels: int) -> np.ndarray:
    return normal(rng, size(rng, 1, 3), channels, size(rng, 4, 7), size(rng, 4, 7))


def pairs(rng: Random, low: int, high: int) -> tuple[int, int]:
    return size(rng, low, high), size(rng, low, high)


def linear(rng: Random) -> Case:
    n = size(rng)
    return layers.Linear(n, size(rng), rng=rng, dtype=float), normal(rng, *leading(rng), n)


def elementwise(kind: Any) -> Callable[[Random], Case]:
    return lambda rng: (kind(), 3 * normal(rng, *leading(rng), size(rng)))


def dropout(rng: Random) -> Case:
    return layers.Dropout(rng.uniform(0, 0.9), seed=size(rng)), normal(rng, *leading(rng), size(rng))


def flatten(rng: Random) -> Case:
    return layers.Flatten(), normal(rng, size(rng), *leading(rng))


def convolution(rng: Random) -> Case:
    n, kernel = size(rng, 1, 3), pairs(rng, 1, 4)
    options = {"stride": pairs(rng, 1, 3), "padding": pairs(rng, 0, 2), "rng": rng, "dtype": float}
    return layers.Conv2d(n, size(rng, 1, 3), kernel, **options), images(rng, n)


def pooling(kind: Any) -> Callable[[Random], Case]:
    return lambda rng: (kind(pairs(rng, 1, 4), pairs(rng, 1, 3)), images(rng, size(rng, 1, 3)))


def batch_norm_1d(rng: Random) -> Case:
    n = size(rng)
    length = (size(rng),) if rng.random() < 0.5 else ()
    return layers.BatchNorm1d(n, dtype=float), 2 * normal(rng, size(rng, 3, 6), n, *length) + 1


def batch_norm_2d(rng: Random) -> Case:
    n = size(rng, 1, 3)
    return layers.BatchNorm2d(n, dtype=float), 2 * images(rng, n) + 1


def layer_norm(rng: Random) -> Case:
    shape = tuple(size(rng, 2, 4) for _ in range(size(rng, 1, 2)))
    return layers.LayerNorm(shape, dtype=float), 2 * normal(rng, *leading(rng), *shape) + 1


def embedding(rng: Random) -> Case:
    n = size(rng)
    return layers.Embedding(n, size(rng), rng=rng, dtype=float), rng.integers(0, n, leading(rng))


def recurrent(kind: Any) -> Callable[[Random], Case]:
    def case(rng: Random) -> Case:
        n, hidden, seq, batch, above = (size(rng, 1, high) for high in (3, 3, 5, 3, 3))
        layer = kind(n, hidden, num_layers=above, rng=rng, dtype=float)
        x = normal(rng, seq, batch, n)
        if rng.random() < 0.3:
            return layer, x
        shape = (batch, hidden) if above == 1 else (above, batch, hidden)
        return layer, (*(normal(rng, *shape) for _ in layer.states), x)

    return case


def residual(rng: Random) -> Case:
    n = size(rng)
    first, second = (layers.Linear(n, n, rng=rng, dtype=float) for _ in range(2))
    return layers.Residual(first, layers.Tanh(), second), normal(rng, *leading(rng), n)


def sequential(rng: Random) -> Case:
    layer, x = convolution(rng)
    y = layer(x)
    layer.zero_grad()
    head = layers.Linear(y[0].size, size(rng), rng=rng, dtype=float)
    return layers.Sequential([layer, layers.Sigmoid(), layers.Flatten(), head]), x


LAYERS: dict[str, Callable[[Random], Case]] = {
    "Linear": linear,
    "Relu": elementwise(layers.Relu),
    "LeakyRelu": elementwise(layers.LeakyRelu),
    "Sigmoid": elementwise(layers.Sigmoid),
    "Tanh": elementwise(layers.Tanh),
    "Gelu": elementwise(layers.Gelu),
    "Softmax": elementwise(layers.Softmax),
    "Dropout": dropout,
    "Flatten": flatten,
    "Conv2d": convolution,
    "MaxPool2d": pooling(layers.MaxPool2d),
    "AvgPool2d": pooling(layers.AvgPool2d),
    "BatchNorm1d": batch_norm_1d,
    "BatchNorm2d": batch_norm_2d,
    "LayerNorm": layer_norm,
    "Embedding": embedding,
    "RNN": recurrent(layers.RNN),
    "LSTM": recurrent(layers.LSTM),
    "GRU": recurrent(layers.GRU),
    "Residual": residual,
    "Sequential": sequential,
}


def regression(kind: Any, **options: Any) -> Callable[[Random], Case]:
    def case(rng: Random) -> Case:
        outputs = normal(rng, size(rng), *leading(rng), size(rng))
        loss = kind(lambda grad_output: None, reduction=str(rng.choice(kind.reductions)), **options)
        return loss, (outputs, normal(rng, *outputs.shape))

    return case


def cross_entropy(rng: Random) -> Case:
    outputs = 5 * normal(rng, size(rng), *leading(rng), size(rng))
    loss = losses.CrossEntropyLoss(lambda grad_output: None, str(rng.choice(["mean", "sum"])))
    return loss, (outputs, rng.integers(0, outputs.shape[-1], outputs.shape[:-1]))


def binary_cross_entropy(rng: Random) -> Case:
    loss, (outputs, _) = regression(losses.BCEWithLogitsLoss)(rng)
    return loss, (5 * outputs, rng.random(outputs.shape))


LOSSES: dict[str, Callable[[Random], Case]] = {
    "SquareLoss": regression(losses.SquareLoss),
    "MSELoss": regression(losses.MSELoss),
    "L1Loss": regression(losses.L1Loss),
    "HuberLoss": regression(losses.HuberLoss, delta=0.7),
    "CrossEntropyLoss": cross_entropy,
    "BCEWithLogitsLoss": binary_cross_entropy,
}


def derivative(function: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """d function / d x, element by element, by the complex step."""
    gradient = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * STEP
        gradient[index] = np.imag(function(moved)) / STEP
    return gradient


def distance(analytic: Any, true: np.ndarray) -> float:
    """The largest difference, relative to the largest true number, or to 1e-4 where that is smaller."""
    assert np.shape(analytic) == true.shape
    return float(np.abs(analytic - true).max(initial=0.0) / max(np.abs(true).max(initial=0.0), 1e-4))


def layer_errors(layer: Any, x: Any, rng: Random) -> dict[str, float]:
    """Of each input that is no whole numbers, and of each parameter of the layer and those within it."""
    for part in layer.layers_within():
        part.parameters = {name: p + 0.3 * normal(rng, *p.shape) for name, p in part.parameters.items()}
    inputs = x if isinstance(x, tuple) else (x,)
    fresh = copy.deepcopy(layer)

    def output(at: int | None = None, value: Any = None) -> Any:
        """The output of a copy in the same state, with one of the inputs replaced."""
        moved = tuple(value if number == at else part for number, part in enumerate(inputs))
        return copy.deepcopy(fresh)(moved if isinstance(x, tuple) else moved[0])

    grad_output = normal(rng, *np.shape(output()))
    layer(x)
    found = layer.backward(grad_output)
    gradients = found if isinstance(found, tuple) else (found,)
    if len(gradients) > 1:
        gradients = (*gradients[1:], gradients[0])  # backward gives x's first, forward takes it last
    errors = {}
    for number, part in enumerate(inputs):
        if part.dtype.kind == "f":
            true = derivative(lambda z, n=number: (grad_output * output(n, z)).sum(), part)
            errors[f"input {number}"] = distance(gradients[number], true)
    for path, own in layer.state_dict().items():
        if path.rpartition(".")[2] not in ("weight", "bias"):
            continue
        part, name = holder(fresh, path)

        def along(value: np.ndarray, part: Any = part, name: str = name) -> Any:
            kept, part.parameters[name] = part.parameters[name], value
            try:
                return (grad_output * output()).sum()
            finally:
                part.parameters[name] = kept

        trained, _ = holder(layer, path)
        errors[path] = distance(trained.gradients[name], derivative(along, own))
    return errors


def holder(layer: Any, path: str) -> tuple[Any, str]:
    """The layer inside that has a parameter, and the parameter's own name."""
    from mtorch.naming import paths

    where, _, name = path.rpartition(".")
    return dict(paths(layer))[where], name


def loss_error(loss: Any, pair: tuple[np.ndarray, np.ndarray]) -> float:
    outputs, targets = pair
    return distance(loss(outputs, targets).grad_output, derivative(lambda z: loss(z, targets).value, outputs))


def worst(of: Callable[[Random], float], draws: int) -> float:
    return max(of(np.random.default_rng(seed)) for seed in range(draws))


def main(draws: int = 50) -> None:
    """Print the largest error of each layer and loss over so many draws."""
    for name, case in LAYERS.items():
        error = worst(lambda rng, case=case: max(layer_errors(*case(rng), rng).values(), default=0.0), draws)
        print(f"{name:<20} {error:.1e}", flush=True)
    for name, case in LOSSES.items():
        print(f"{name:<20} {worst(lambda rng, case=case: loss_error(*case(rng)), draws):.1e}")


if __name__ == "__main__":
    main()
