"""Activations that are wrong in one way each."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch import layers
from mtorch.layers.base import Array
from scenarios.faults.gallery import Stack, fault


class TanhAtOutput(layers.Tanh):
    """Tanh whose backward takes tanh of what is tanh already.

    Forward saved y. Backward was written for a saved x: 1 - tanh(x)**2, and nobody changed it when
    the saved array became y. The slope comes out too large wherever the unit is saturated.
    """

    name = "tanh"

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        return grad_output * (1 - np.tanh(y) ** 2)


class SigmoidOfInput(layers.Sigmoid):
    """Sigmoid whose backward puts the input into a formula of the output.

    The derivative is y * (1 - y). Here x was saved, and the formula was kept: x * (1 - x).
    For large x the slope is negative, and large.
    """

    name = "sigmoid"

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self.saved[-1:] = [(x,)] if self.training else []
        return y

    def backward(self, grad_output: Array) -> Array:
        (x,) = self.take()
        return grad_output * x * (1 - x)


class SigmoidSign(layers.Sigmoid):
    """Sigmoid whose derivative has a minus too many.

    Written with exp(-x), the inner derivative is -1, and the outer has another minus. One of the two
    was lost. All layers before this one climb instead of descending.
    """

    name = "sigmoid"

    def backward(self, grad_output: Array) -> Array:
        return -super().backward(grad_output)


class ReluWithoutMask(layers.Relu):
    """Relu that hands grad_output on as it is.

    The mask of forward is taken off the stack and never used. Units that were off still learn.
    """

    name = "relu"

    def backward(self, grad_output: Array) -> Array:
        self.take()
        return grad_output


class LeakyReluInPlace(layers.LeakyRelu):
    """Leaky relu that works in its input, which the layer before it had saved.

    To spare an array, negative numbers are made small where they are. The tanh before it had saved that array
    as its y, and takes its derivative of it later: the fault shows in a layer that is right.
    """

    name = "leakyrelu"

    def forward(self, x: Array) -> Array:
        positive = x.real > 0
        self.save(positive)
        x[~positive] *= self.slope
        return x


class SoftmaxDiagonal(layers.Softmax):
    """Softmax with the derivative of a sigmoid.

    Its Jacobian is diag(y) - y y.T; y * (1 - y) is the diagonal only. That each probability takes from
    all others is left out.
    """

    name = "softmax"

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        return grad_output * y * (1 - y)


class TanhWithoutGradient(layers.Tanh):
    """Tanh that returns its own slope, whatever grad_output is.

    The chain rule's other factor was forgotten. As the shapes agree, nothing raises.
    """

    name = "tanh"

    def backward(self, grad_output: Array) -> Array:
        (y,) = self.take()
        return 1 - y * y


class TanhMeanGradient(layers.Tanh):
    """Tanh that spreads grad_output's mean over all elements.

    Somebody reduced the gradient to look at it, and the reduced one was passed on.
    """

    name = "tanh"

    def backward(self, grad_output: Array) -> Array:
        return super().backward(np.full_like(grad_output, grad_output.mean()))


class TanhFirstInput(layers.Tanh):
    """Tanh that keeps the input of its very first call for ever.

    A guard was to spare work: the input is kept where there is none yet. The first iteration is right; in all
    later ones, the derivative is taken at the first batch.
    """

    name = "tanh"

    def forward(self, x: Array) -> Array:
        if not hasattr(self, "x"):
            self.x = x
        return np.tanh(x)

    def backward(self, grad_output: Array) -> Array:
        return grad_output * (1 - np.tanh(self.x) ** 2)


class GeluOfSigmoid(layers.Gelu):
    """Gelu by tanh, with the derivative of its approximation by a sigmoid.

    x * sigmoid(1.702 x) is close to what forward computes, and so is its slope: off by some percent, too little
    for a loss curve to show.
    """

    name = "gelu"

    def backward(self, grad_output: Array) -> Array:
        x, _, _ = self.take()
        s = 1 / (1 + np.exp(-1.702 * x))
        return grad_output * (s + 1.702 * x * s * (1 - s))


class LeakyReluDead(layers.LeakyRelu):
    """Leaky relu whose backward is that of the plain one.

    Forward lets a little through below zero; backward was copied from Relu, and lets nothing through.
    """

    name = "leakyrelu"

    def backward(self, grad_output: Array) -> Array:
        (positive,) = self.take()
        return np.where(positive, grad_output, 0)


def between(*inner: Any) -> Stack:
    return lambda rng: [
        layers.Linear2(3, 4, 4.0, rng=rng),
        *(kind() for kind in inner),
        layers.Linear2(4, 2, rng=rng),
    ]


def one(kind: type, cause: str) -> Any:
    return fault(kind, between(kind), (5, 3), (5, 2), (cause, kind.name, "grad_input", None))  # type: ignore[attr-defined]


FAULTS = (
    one(TanhAtOutput, "derivative-at-output"),
    one(SigmoidOfInput, "wrong-tensor"),
    one(SigmoidSign, "wrong-sign"),
    one(ReluWithoutMask, "wrong-tensor"),
    fault(
        LeakyReluInPlace,
        between(layers.Tanh, LeakyReluInPlace),
        (5, 3),
        (5, 2),
        ("mutated-cache", "tanh", "grad_input", None),
    ),
    one(SoftmaxDiagonal, "diagonal-only-jacobian"),
    one(TanhWithoutGradient, "ignored-grad-output"),
    one(TanhMeanGradient, "ignored-grad-output"),
    one(TanhFirstInput, "stale-cache"),
    one(GeluOfSigmoid, "unknown"),
    one(LeakyReluDead, "missing-term"),
)
