"""Embedding: a row of numbers for each of a set of things."""

from __future__ import annotations

import numpy as np

from mtorch.errors import MtorchError
from mtorch.init import generator
from mtorch.layers.base import Array, DTypeLike, Layer, Shape


class Embedding(Layer):
    """Looks up rows. Its input are whole numbers, which have no gradient: backward returns None.

    Notation: x (...) of numbers in 0..count-1, weight (count, dim), y (..., dim)

        forward   y = weight[x]
        backward  grad_weight[k] = sum of grad_output where x == k

    Weights are drawn from a standard normal distribution, as PyTorch does.
    """

    needs_input_grad = False

    def __init__(
        self,
        count: int,
        dim: int,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.count, self.dim = count, dim
        self.parameters = {"weight": generator(rng).standard_normal((count, dim)).astype(dtype)}

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape, self.dim)

    def forward(self, x: Array) -> Array:
        if x.dtype.kind not in "iu":
            raise MtorchError(f"Embedding expected whole numbers, got {x.dtype}")
        if x.size and not 0 <= x.min() <= x.max() < self.count:
            raise MtorchError(f"Embedding expected numbers in 0..{self.count - 1}, got {x.min()}..{x.max()}")
        self.save(x)
        return self.parameters["weight"][x]

    def backward(self, grad_output: Array) -> None:
        (x,) = self.take()
        gradient = np.zeros((self.count, self.dim), grad_output.dtype)
        np.add.at(gradient, x, grad_output)
        self.accumulate(weight=gradient)
