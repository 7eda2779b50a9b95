"""RNN: one Linear and one activation, called at every time step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mtorch.errors import ShapeError
from mtorch.layers.activation import Activation, Tanh
from mtorch.layers.base import Array, Layer
from mtorch.layers.linear import Linear2


class RNN(Layer):
    """A recurrent layer (Elman 1990).

    Notation: x (seq, batch, in_dim), h0 (batch, out_dim), h (seq, batch, out_dim)

        forward   h[t] = activation(linear([h[t-1], x[t]])),  h[-1] = h0
        backward  from the last t to the first:
                  grad_z          = activation.backward(grad_output[t] + grad_h)
                  [grad_h, grad_x[t]] = linear.backward(grad_z)

    forward takes the pair (h0, x) and returns h; backward returns (grad_x, grad_h0).
    Raises ShapeError for an h0 or x of the wrong shape.
    """

    input_names = ("h0", "x")
    grad_input_names = ("grad_x", "grad_h0")

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        activation: Activation | None = None,
        coe: float = 1.0,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.in_dim, self.out_dim = in_dim, out_dim
        self.linear = Linear2(out_dim + in_dim, out_dim, coe, rng=rng, dtype=dtype)
        self.activation = activation or Tanh()

    def forward(self, inputs: Any) -> Array:
        h, xs = inputs
        if xs.ndim != 3 or xs.shape[2] != self.in_dim:
            raise ShapeError(self, f"x of shape (seq, batch, {self.in_dim})", xs.shape)
        if h.shape != (xs.shape[1], self.out_dim):
            raise ShapeError(self, f"h0 of shape {(xs.shape[1], self.out_dim)}", h.shape)
        if not len(xs):
            raise ShapeError(self, "at least one time step", xs.shape)
        outputs = []
        for x in xs:
            h = self.activation(self.linear(np.concatenate((h, x), axis=1)))
            outputs.append(h)
        self.save(len(xs), h.shape)
        return np.stack(outputs)

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        seq, shape = self.take()
        if grad_output.shape != (seq, *shape):
            raise ShapeError(self, f"a gradient of shape {(seq, *shape)}", grad_output.shape)
        grad_h = np.zeros_like(grad_output[0])
        grad_x = []
        for t in reversed(range(seq)):
            grad_z = self.activation.backward(grad_output[t] + grad_h)
            grad_hx = self.linear.backward(grad_z)
            grad_h = grad_hx[:, : self.out_dim]
            grad_x.append(grad_hx[:, self.out_dim :])
        return np.stack(grad_x[::-1]), grad_h
