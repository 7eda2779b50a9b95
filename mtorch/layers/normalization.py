"""Normalisation: mean 0 and variance 1, over a batch or within a sample."""

from __future__ import annotations

import numpy as np

from mtorch.errors import ShapeError
from mtorch.layers.base import Array, DTypeLike, Layer, Shape


class Normalization(Layer):
    """Base: scale, shift, and the derivative of x -> (x - mean) / std over `axes`."""

    def __init__(self, shape: tuple[int, ...], eps: float, dtype: DTypeLike, name: str | None) -> None:
        super().__init__(name)
        self.eps = eps
        self.parameters = {"weight": np.ones(shape, dtype), "bias": np.zeros(shape, dtype)}

    def axes(self, ndim: int) -> tuple[int, ...]:
        """Over which mean and variance are taken."""
        raise NotImplementedError

    def shared(self, ndim: int) -> tuple[int, ...]:
        """Along which the parameters are the same."""
        raise NotImplementedError

    def wide(self, parameter: Array, ndim: int) -> Array:
        """A parameter in a shape that stretches over x."""
        return parameter

    def normalized(self, x: Array, mean: Array, variance: Array) -> Array:
        std = np.sqrt(variance + x.real.dtype.type(self.eps))
        z = (x - mean) / std
        self.save(z, std)
        y: Array = self.wide(self.parameters["weight"], x.ndim) * z + self.wide(self.parameters["bias"], x.ndim)
        return y

    def moments(self, x: Array) -> tuple[Array, Array]:
        axes = self.axes(x.ndim)
        mean = x.mean(axis=axes, keepdims=True)
        centred = x - mean
        # Not np.var: of complex numbers it takes the absolute value, which has no complex derivative.
        return mean, (centred * centred).mean(axis=axes, keepdims=True)

    def backward(self, grad_output: Array) -> Array:
        z, std = self.take()
        weight = self.parameters["weight"]
        axes, shared = self.axes(z.ndim), self.shared(z.ndim)
        self.accumulate(weight=(grad_output * z).sum(axis=shared), bias=grad_output.sum(axis=shared))
        grad_z = grad_output * self.wide(weight, z.ndim)
        mean, along = (v.mean(axis=axes, keepdims=True) for v in (grad_z, grad_z * z))
        grad_input: Array = (grad_z - mean - z * along) / std
        return grad_input


class BatchNorm(Normalization):
    """Base of the batch normalisations: statistics per channel, axis 1."""

    ndims: tuple[int, ...]
    expected: str

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__((channels,), eps, dtype, name)
        self.channels, self.momentum = channels, momentum
        self.buffers = {"running_mean": np.zeros(channels, dtype), "running_var": np.ones(channels, dtype)}

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in self.ndims or shape[1] != self.channels:
            raise ShapeError(self, f"inputs of shape {self.expected.format(self.channels)}", shape)
        return shape

    def axes(self, ndim: int) -> tuple[int, ...]:
        return (0, *range(2, ndim))

    shared = axes

    def wide(self, parameter: Array, ndim: int) -> Array:
        return parameter.reshape(1, -1, *[1] * (ndim - 2))

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        if not self.training:
            mean, variance = (self.wide(self.buffers[name], x.ndim) for name in ("running_mean", "running_var"))
            return self.normalized(x, mean, variance)
        n = x.size // self.channels
        if n < 2:
            raise ShapeError(self, "more than one number per channel in training", x.shape)
        mean, variance = self.moments(x)
        self._follow("running_mean", mean)
        self._follow("running_var", variance * n / (n - 1))
        return self.normalized(x, mean, variance)

    def _follow(self, name: str, now: Array) -> None:
        old = self.buffers[name]
        self.buffers[name] = (old + self.momentum * (now.real.reshape(-1) - old)).astype(old.dtype)


class BatchNorm1d(BatchNorm):
    """Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) of rows or sequences.

    Notation: x (batch, channels) or (batch, channels, length), weight (channels), bias (channels), mean and
    var of x per channel, std = sqrt(var + eps), z = (x - mean) / std, y as x

        forward   y = weight * z + bias
        backward  grad_input = weight / std * (grad_output - mean(grad_output) - z * mean(grad_output * z))
                  grad_weight = sum(grad_output * z)
                  grad_bias = sum(grad_output)

    In training mean and var are the batch's, and running_mean and running_var follow by
    running += momentum * (batch's - running), with the unbiased var; in eval mode these are used.
    """

    ndims = (2, 3)
    expected = "(batch, {0}) or (batch, {0}, length)"


class BatchNorm2d(BatchNorm):
    """Batch normalisation (Ioffe and Szegedy 2015, section 3.2) of images.

    Notation: x (batch, channels, height, width), weight (channels), bias (channels), mean and
    var of x per channel, std = sqrt(var + eps), z = (x - mean) / std, y as x

        forward   y = weight * z + bias
        backward  grad_input = weight / std * (grad_output - mean(grad_output) - z * mean(grad_output * z))
                  grad_weight = sum(grad_output * z)
                  grad_bias = sum(grad_output)

    Training and eval mode as in BatchNorm1d.
    """

    ndims = (4,)
    expected = "(batch, {0}, height, width)"


class LayerNorm(Normalization):
    """Layer normalisation (Ba, Kiros and Hinton 2016, eq. 4): over the last axes of each sample by itself.

    Notation: x (..., *shape), weight (*shape), bias (*shape), mean and var of x over the axes of shape,
    std = sqrt(var + eps), z = (x - mean) / std, y as x

        forward   y = weight * z + bias
        backward  grad_z = grad_output * weight
                  grad_input = (grad_z - mean(grad_z) - z * mean(grad_z * z)) / std
                  grad_weight = sum(grad_output * z) over the other axes
                  grad_bias = sum(grad_output) over the other axes
    """

    def __init__(
        self,
        shape: int | tuple[int, ...],
        eps: float = 1e-5,
        *,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__((shape,) if isinstance(shape, int) else tuple(shape), eps, dtype, name)
        self.shape = self.parameters["weight"].shape

    def output_shape(self, shape: Shape) -> Shape:
        if shape[-len(self.shape) :] != self.shape:
            raise ShapeError(self, f"inputs of shape (..., {', '.join(map(str, self.shape))})", shape)
        return shape

    def axes(self, ndim: int) -> tuple[int, ...]:
        return tuple(range(ndim - len(self.shape), ndim))

    def shared(self, ndim: int) -> tuple[int, ...]:
        return tuple(range(ndim - len(self.shape)))

    def forward(self, x: Array) -> Array:
        self.fits(x.shape)
        return self.normalized(x, *self.moments(x))
