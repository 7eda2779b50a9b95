"""Dropout: noise that a run can repeat."""

from __future__ import annotations

import numpy as np

from mtorch.errors import MtorchError
from mtorch.init import generator
from mtorch.layers.base import Array, Layer, Shape


class Dropout(Layer):
    """Zeroes a random share of its input in training, and scales the rest up (Srivastava et al. 2014).

    Notation: x (...), y (...), p the share, mask (...) of 0 and 1 / (1 - p)

        forward   y = x * mask      (in eval mode: y = x)
        backward  grad_input = grad_output * mask

    The mask comes from a Philox generator keyed by `seed`, which is drawn where none is given, and by the
    buffer `calls`, the number of calls so far. It is thus a function of the layer's state: whoever goes back
    to a state sees the same mask again.
    """

    def __init__(self, p: float = 0.5, *, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(name)
        if not 0 <= p < 1:
            raise MtorchError(f"Dropout expected p in 0 <= p < 1, got {p}")
        self.p = p
        self.seed = int(generator(None).integers(2**31)) if seed is None else seed
        self.buffers = {"calls": np.array(0)}

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def forward(self, x: Array) -> Array:
        if not self.training:
            return x
        key = [self.seed, int(self.buffers["calls"])]
        self.buffers["calls"] = self.buffers["calls"] + 1
        kept = np.random.Generator(np.random.Philox(key=key)).random(x.shape) >= self.p
        mask = kept.astype(x.real.dtype) / x.real.dtype.type(1 - self.p)
        self.save(mask)
        y: Array = x * mask
        return y

    def backward(self, grad_output: Array) -> Array:
        (mask,) = self.take()
        grad_input: Array = grad_output * mask
        return grad_input
