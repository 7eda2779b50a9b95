"""Losses and training loops that are wrong in one way each."""

from __future__ import annotations

from typing import Any

from mtorch import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss, layers
from mtorch.layers.base import Array
from scenarios.faults.gallery import Expected, fault


class CrossEntropyUndivided(CrossEntropyLoss):
    """Cross entropy that is a mean, with the gradient of a sum.

    The learning rate that works depends on the batch then, and on nothing that the loss's value shows.
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        losses, gradient = super().each(outputs, targets)
        return losses, gradient * losses.size


class MSEHalf(MSELoss):
    """A squared distance with the gradient of half of it.

    The 2 of the derivative was cancelled by a 1/2 that this loss doesn't have.
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        losses, gradient = super().each(outputs, targets)
        return losses, gradient / 2


class BCESign(BCEWithLogitsLoss):
    """A binary cross entropy whose gradient is targets minus outputs.

    It is p - t; t - p makes the loss grow.
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        losses, gradient = super().each(outputs, targets)
        return losses, -gradient


class CrossEntropyWithoutTarget(CrossEntropyLoss):
    """Cross entropy whose gradient is the softmax alone.

    The 1 that belongs off at the right class was never taken off.
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        losses, gradient = super().each(outputs, targets)
        return losses, gradient + targets


def one(kind: Any, cause: str, labels: int = 0) -> Any:
    expected: Expected = (cause, "loss", "grad_output", None)
    y = (5,) if labels else (5, 3)
    return fault(kind, lambda rng: [layers.Linear2(3, 3, rng=rng)], (5, 3), y, expected, labels=labels, loss=kind)


FAULTS = (
    one(CrossEntropyUndivided, "wrong-scale", labels=3),
    one(MSEHalf, "wrong-scale"),
    one(BCESign, "wrong-sign"),
    one(CrossEntropyWithoutTarget, "missing-term", labels=3),
)
