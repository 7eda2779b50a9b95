"""Tiny MLP with batch normalisation and dropout in pure NumPy."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Module(Protocol):
    def forward(self, x: Array, *, training: bool) -> Array: ...

    def backward(self, grad: Array) -> Array: ...


@dataclass
class Param:
    value: Array
    grad: Array | None = None
    velocity: Array | None = None


@dataclass
class Linear:
    weight: Param
    bias: Param
    _x: Array | None = field(default=None, repr=False)

    @classmethod
    def create(cls, n_in: int, n_out: int, rng: np.random.Generator) -> Linear:
        scale = np.sqrt(2 / n_in)
        return cls(
            weight=Param(rng.normal(0, scale, (n_in, n_out)).astype(np.float32)),
            bias=Param(np.zeros(n_out, dtype=np.float32)),
        )

    def forward(self, x: Array, *, training: bool) -> Array:
        self._x = x
        return x @ self.weight.value + self.bias.value

    def backward(self, grad: Array) -> Array:
        assert self._x is not None
        self.weight.grad = self._x.T @ grad
        self.bias.grad = grad.sum(axis=0)
        return grad @ self.weight.value.T

    @property
    def params(self) -> tuple[Param, ...]:
        return self.weight, self.bias


@dataclass
class BatchNorm:
    gamma: Param
    beta: Param
    running_mean: Array
    running_var: Array
    momentum: float = 0.9
    eps: float = 1e-5
    _cache: tuple[Array, Array] | None = field(default=None, repr=False)

    @classmethod
    def create(cls, n: int) -> BatchNorm:
        return cls(
            gamma=Param(np.ones(n, dtype=np.float32)),
            beta=Param(np.zeros(n, dtype=np.float32)),
            running_mean=np.zeros(n, dtype=np.float32),
            running_var=np.ones(n, dtype=np.float32),
        )

    def forward(self, x: Array, *, training: bool) -> Array:
        if training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mean, var = self.running_mean, self.running_var
        inv_std = 1 / np.sqrt(var + self.eps)
        x_hat = (x - mean) * inv_std
        self._cache = (x_hat, inv_std)
        return self.gamma.value * x_hat + self.beta.value

    def backward(self, grad: Array) -> Array:
        assert self._cache is not None
        x_hat, inv_std = self._cache
        self.gamma.grad = (grad * x_hat).sum(axis=0)
        self.beta.grad = grad.sum(axis=0)
        g = grad * self.gamma.value
        return inv_std * (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0))

    @property
    def params(self) -> tuple[Param, ...]:
        return self.gamma, self.beta


@dataclass
class ReLU:
    _mask: NDArray[np.bool_] | None = field(default=None, repr=False)

    def forward(self, x: Array, *, training: bool) -> Array:
        self._mask = x > 0
        return np.where(self._mask, x, np.float32(0))

    def backward(self, grad: Array) -> Array:
        return np.where(self._mask, grad, np.float32(0))

    params: tuple[Param, ...] = ()


@dataclass(slots=True)
class Dropout:
    rate: float
    rng: np.random.Generator
    mask: Array | None = None

    def forward(self, x: Array, *, training: bool) -> Array:
        if not training or self.rate == 0:
            self.mask = None
            return x
        keep = 1 - self.rate
        self.mask = (self.rng.random(x.shape, dtype=np.float32) < keep).astype(x.dtype) / np.float32(keep)
        return x * self.mask

    def backward(self, grad: Array) -> Array:
        return grad if self.mask is None else grad * self.mask

    @property
    def params(self) -> tuple[Param, ...]:
        return ()


@dataclass
class Sequential:
    modules: list[Module]

    def forward(self, x: Array, *, training: bool) -> Array:
        for module in self.modules:
            x = module.forward(x, training=training)
        return x

    def backward(self, grad: Array) -> Array:
        for module in reversed(self.modules):
            grad = module.backward(grad)
        return grad

    @property
    def params(self) -> Iterator[Param]:
        for module in self.modules:
            yield from module.params


@dataclass
class Momentum:
    params: list[Param]
    lr: float
    beta: float = 0.9

    def step(self) -> None:
        for p in self.params:
            if p.velocity is None:
                p.velocity = np.zeros_like(p.value)
            p.velocity = self.beta * p.velocity - self.lr * p.grad
            p.value += p.velocity


def cross_entropy(logits: Array, labels: NDArray[np.int64]) -> tuple[float, Array]:
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    n = len(labels)
    grad = np.exp(log_p)
    grad[np.arange(n), labels] -= 1
    return float(-log_p[np.arange(n), labels].mean()), grad / n


def batches(x: Array, y: NDArray[np.int64], size: int, rng: np.random.Generator) -> Iterator[tuple[Array, NDArray]]:
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        rows = order[start : start + size]
        yield x[rows], y[rows]


def spirals(n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    y = rng.integers(0, 3, n)
    r = rng.random(n)
    a = 2 * np.pi * y / 3 + 3 * r + rng.normal(0, 0.1, n)
    return np.stack([r * np.cos(a), r * np.sin(a)], axis=1).astype(np.float32), y


def main() -> None:
    rng = np.random.default_rng(2024)
    x, y = spirals(120, rng)
    model = Sequential(
        [
            Linear.create(2, 16, rng),
            BatchNorm.create(16),
            ReLU(),
            Dropout(0.1, np.random.default_rng(7)),
            Linear.create(16, 16, rng),
            BatchNorm.create(16),
            ReLU(),
            Linear.create(16, 3, rng),
        ]
    )
    optimizer = Momentum(list(model.params), lr=0.05)

    for epoch in range(1, 16):
        losses = []
        for xb, yb in batches(x, y, 24, rng):
            logits = model.forward(xb, training=True)
            loss, grad = cross_entropy(logits, yb)
            model.backward(grad)
            optimizer.step()
            losses.append(loss)
        accuracy = (model.forward(x, training=False).argmax(axis=1) == y).mean()
        print(f"epoch {epoch:>2} | loss {np.mean(losses):.4f} | accuracy {accuracy:.1%}")


if __name__ == "__main__":
    main()
