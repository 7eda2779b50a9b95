"""Convolutions and poolings that are wrong in one way each."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch import layers
from mtorch.layers.base import Array
from mtorch.layers.windows import put_back
from scenarios.faults.gallery import fault


class ConvKernelFlipped(layers.Conv2d):
    """A convolution that goes back through its kernel turned by half a turn.

    grad_input is a full convolution with the flipped kernel where that is written as a cross-correlation. Here it is
    put back patch by patch, which flips by itself, and the kernel was flipped once more.
    """

    name = "conv"

    def backward(self, grad_output: Array) -> Array | None:
        right = self.parameters["weight"]
        self.parameters["weight"] = right[..., ::-1, ::-1]
        found = super().backward(grad_output)
        self.parameters["weight"] = right
        return found


class ConvStrideIgnored(layers.Conv2d):
    """A convolution whose backward puts patches side by side as if the stride were 1.

    All of grad_input ends up in the upper left, and the rest of the image gets none.
    """

    name = "conv"

    def backward(self, grad_output: Array) -> Array | None:
        _, shape, _ = self.saved[-1]
        super().backward(grad_output)
        weight = self.parameters["weight"].reshape(self.out_channels, -1)
        patches = np.moveaxis(grad_output, 1, 3) @ weight
        patches = patches.reshape(*patches.shape[:3], self.in_channels, -1)
        return put_back(np.moveaxis(patches, (4, 3), (0, 2)), shape, self.kernel_size, (1, 1))


class ConvBiasMean(layers.Conv2d):
    """A convolution whose bias gets the mean over places, where the sum belongs.

    The bias is used at every place of every image, and all of these uses add up.
    """

    name = "conv"

    def backward(self, grad_output: Array) -> Array | None:
        found = super().backward(grad_output)
        places = grad_output[0, 0].size
        self.gradients["bias"] = self.gradients["bias"] / places
        return found


class MaxPoolToAll(layers.MaxPool2d):
    """Max pooling that gives each number of a window the gradient of the largest.

    It was copied from a pooling by sums. Only the largest number had a part in the output.
    """

    name = "maxpool"

    def backward(self, grad_output: Array) -> Array:
        _, shape = self.take()
        return put_back([grad_output] * self.kernel_size[0] * self.kernel_size[1], shape, self.kernel_size, self.stride)


class MaxPoolToFirst(layers.MaxPool2d):
    """Max pooling that gives the gradient to the first number of each window.

    Where the largest one was is saved, and then not used.
    """

    name = "maxpool"

    def backward(self, grad_output: Array) -> Array:
        _, shape = self.take()
        rest = self.kernel_size[0] * self.kernel_size[1] - 1
        return put_back([grad_output, *[0 * grad_output] * rest], shape, self.kernel_size, self.stride)


class AvgPoolUndivided(layers.AvgPool2d):
    """Average pooling that forgets to divide in backward.

    Each number of a window has the share 1 / n in the mean, and gets the whole gradient.
    """

    name = "avgpool"

    def backward(self, grad_output: Array) -> Array:
        n, shape = self.take()
        return put_back([grad_output] * n, shape, self.kernel_size, self.stride)


class FlattenOtherOrder(layers.Flatten):
    """Flatten whose backward takes the rows apart in another order than forward put them together.

    The shape is right, and each pixel gets another one's gradient.
    """

    name = "flatten"

    def backward(self, grad_output: Array) -> Array:
        return super().backward(grad_output).swapaxes(2, 3)


def conv(kind: Any, tensor: str, cause: str, **options: Any) -> Any:
    columns = 2 * (2 if options else 4) ** 2
    return fault(
        kind,
        lambda rng: [
            kind(2, 2, 3, rng=rng, **options),
            layers.Tanh(),
            layers.Flatten(),
            layers.Linear2(columns, 2, rng=rng, name="head"),
        ],
        (3, 2, 6, 6),
        (3, 2),
        (cause, "conv", tensor, None),
    )


def after_conv(kind: Any, cause: str, *options: int) -> Any:
    columns = 2 * (2 if options else 4) ** 2
    return fault(
        kind,
        lambda rng: [
            layers.Conv2d(1, 2, 3, rng=rng),
            kind(*options),
            *([layers.Flatten()] if options else []),
            layers.Linear2(columns, 2, rng=rng, name="head"),
        ],
        (3, 1, 6, 6),
        (3, 2),
        (cause, kind.name, "grad_input", None),
    )


FAULTS = (
    conv(ConvKernelFlipped, "grad_input", "transposed"),
    conv(ConvStrideIgnored, "grad_input", "transposed", stride=2),
    conv(ConvBiasMean, "grad_bias", "wrong-scale"),
    after_conv(MaxPoolToAll, "missing-term", 2),
    after_conv(MaxPoolToFirst, "transposed", 2),
    after_conv(AvgPoolUndivided, "wrong-scale", 2),
    after_conv(FlattenOtherOrder, "transposed"),
)
