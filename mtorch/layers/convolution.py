"""Conv2d: the same small linear layer at every place of an image."""

from __future__ import annotations

import numpy as np

from mtorch.errors import ShapeError
from mtorch.init import generator
from mtorch.layers.base import Array, DTypeLike, Layer, Shape
from mtorch.layers.windows import Pair, counts, pair, put_back, windows


class Conv2d(Layer):
    """A two-dimensional convolution (cross-correlation, as everybody's).

    Notation: x (batch, in_channels, height, width), weight (out_channels, in_channels, *kernel_size),
    bias (out_channels), y (batch, out_channels, rows, columns), patch[b, r, c] the part of x, padded with
    zeros, that the kernel lies over at row r and column c

        forward   y[b, :, r, c] = weight @ patch[b, r, c] + bias
        backward  grad_input = weight.T @ grad_output[b, :, r, c], added up where patch[b, r, c] lies
                  grad_weight = grad_output[b, :, r, c] @ patch[b, r, c], summed over b, r, c
                  grad_bias = grad_output, summed over b, r, c

    Weights are drawn from a normal distribution of variance coe / (in_channels * kernel's size): see Linear.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        coe: float = 2.0,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        needs_input_grad: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = pair(kernel_size), pair(stride), pair(padding)
        self.needs_input_grad = needs_input_grad
        shape = (out_channels, in_channels, *self.kernel_size)
        weight = generator(rng).standard_normal(shape) * np.sqrt(coe / np.prod(shape[1:]))
        self.parameters = {"weight": weight.astype(dtype), "bias": np.zeros(out_channels, dtype)}

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 4 or shape[1] != self.in_channels:
            raise ShapeError(self, f"inputs of shape (batch, {self.in_channels}, height, width)", shape)
        return (shape[0], self.out_channels, *counts(self, shape, self.kernel_size, self.stride, self.padding))

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        batch, _, rows, columns = self.output_shape(x.shape)
        down, right = self.padding
        padded = np.pad(x, ((0, 0), (0, 0), (down, down), (right, right))) if down or right else x
        patches = windows(padded, self.kernel_size, self.stride).transpose(0, 2, 3, 1, 4, 5)
        flat = patches.reshape(batch * rows * columns, -1)
        self.save(flat, x.shape, padded.shape)
        weight, bias = self.parameters["weight"], self.parameters["bias"]
        y = flat @ weight.reshape(self.out_channels, -1).T + bias
        return np.moveaxis(y.reshape(batch, rows, columns, self.out_channels), 3, 1)

    def backward(self, grad_output: Array) -> Array | None:
        flat, shape, padded = self.take()
        expected = self.output_shape(shape)
        if grad_output.shape != expected:
            raise ShapeError(self, f"a gradient of shape {expected}", grad_output.shape)
        weight = self.parameters["weight"]
        grad = np.moveaxis(grad_output, 1, 3).reshape(-1, self.out_channels)
        self.accumulate(weight=(grad.T @ flat).reshape(weight.shape), bias=np.add.reduce(grad))
        if not self.needs_input_grad:
            return None
        batch, _, rows, columns = expected
        patches = (grad @ weight.reshape(self.out_channels, -1)).reshape(batch, rows, columns, self.in_channels, -1)
        image = put_back(np.moveaxis(patches, (4, 3), (0, 2)), padded, self.kernel_size, self.stride)
        down, right = self.padding
        return image[:, :, down : down + shape[2], right : right + shape[3]]
