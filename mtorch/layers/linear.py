"""Linear: the fully connected layer, for any number of leading axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.errors import ShapeError
from mtorch.init import generator
from mtorch.layers.base import Array, DTypeLike, Layer, Shape


class Linear(Layer):
    """A fully connected layer.

    Notation: x (..., in_dim), weight (in_dim, out_dim), bias (out_dim), y (..., out_dim)

        forward   y = x @ weight + bias
        backward  grad_input = grad_output @ weight.T
                  grad_weight = x.T @ grad_output, summed over samples
                  grad_bias = grad_output, summed over samples

    Weights are drawn from a normal distribution of variance coe / in_dim (coe=2 before a Relu: He et
    al. 2015, eq. 10; coe=1 otherwise: LeCun et al. 1998, section 4.6). Raises
    ShapeError where the last axis is not in_dim.
    """

    leading = "..."
    ndim: int | None = None

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        coe: float = 1.0,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        needs_input_grad: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.in_dim, self.out_dim, self.coe = in_dim, out_dim, coe
        self.needs_input_grad = needs_input_grad
        weight = generator(rng).standard_normal((in_dim, out_dim)) * np.sqrt(coe / in_dim)
        self.parameters = {"weight": weight.astype(dtype), "bias": np.zeros(out_dim, dtype)}

    def output_shape(self, shape: Shape) -> Shape:
        if shape[-1:] != (self.in_dim,) or (self.ndim is not None and len(shape) != self.ndim):
            raise ShapeError(self, f"inputs of shape ({self.leading}, {self.in_dim})", shape)
        return (*shape[:-1], self.out_dim)

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        self.save(x)
        return x @ self.parameters["weight"] + self.parameters["bias"]

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        if grad_output.shape != (*x.shape[:-1], self.out_dim):
            raise ShapeError(self, f"a gradient of shape {(*x.shape[:-1], self.out_dim)}", grad_output.shape)
        if x.ndim == 2:
            samples, grad = x, grad_output
        else:
            samples, grad = x.reshape(-1, self.in_dim), grad_output.reshape(-1, self.out_dim)
        self.accumulate(weight=samples.T @ grad, bias=np.add.reduce(grad))
        return grad_output @ self.parameters["weight"].T if self.needs_input_grad else None


class Linear2(Linear):
    """Linear for inputs of shape (batch, in_dim), checked."""

    leading, ndim = "batch", 2


class Linear3(Linear):
    """Linear for inputs of shape (seq, batch, in_dim), checked."""

    leading, ndim = "seq, batch", 3
