"""Normalisations and dropouts that are wrong in one way each."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch import layers
from mtorch.layers.base import Array
from scenarios.faults.gallery import fault


class Parts(layers.LayerNorm):
    """Layer norm's backward in parts, of which a subclass may leave some out."""

    name = "layernorm"
    through_mean = through_variance = 1

    def backward(self, grad_output: Array) -> Array:
        z, std = self.take()
        self.accumulate(weight=(grad_output * z).sum(axis=0), bias=grad_output.sum(axis=0))
        grad_z = grad_output * self.parameters["weight"]
        mean, along = (v.mean(axis=-1, keepdims=True) for v in (grad_z, grad_z * z))
        found: Array = (grad_z - self.through_mean * mean - self.through_variance * z * along) / std
        return found


class LayerNormWithoutMean(Parts):
    """Layer norm that takes the mean for a constant.

    Each x moves the mean too, and the mean moves all z of its sample. That term is missing.
    """

    through_mean = 0


class LayerNormWithoutVariance(Parts):
    """Layer norm that takes the variance for a constant.

    Each x moves the variance too, and that stretches all z of its sample. That term is missing.
    """

    through_variance = 0


class LayerNormOnlyDivides(Parts):
    """Layer norm whose backward divides by std, and that is all.

    It looks like the reverse of (x - mean) / std, and is the derivative for constant statistics.
    """

    through_mean = through_variance = 0


class BatchNormRunning(layers.BatchNorm1d):
    """Batch norm that goes backward through the running statistics.

    Forward uses the batch's mean and variance. Backward was written for eval mode, where both are constants.
    """

    name = "batchnorm"

    def backward(self, grad_output: Array) -> Array:
        z, _ = self.take()
        self.accumulate(weight=(grad_output * z).sum(axis=0), bias=grad_output.sum(axis=0))
        std = np.sqrt(self.buffers["running_var"] + self.eps)
        found: Array = grad_output * self.parameters["weight"] / std
        return found


class DropoutNewMask(layers.Dropout):
    """Dropout that draws a mask in backward too.

    The mask was not saved, and is drawn again, by a generator that has gone on since. What forward had
    dropped gets a gradient, and what it had kept gets none.
    """

    name = "dropout"

    def backward(self, grad_output: Array) -> Array:
        self.take()
        rng = np.random.Generator(np.random.Philox(key=[self.seed, int(self.buffers["calls"])]))
        found: Array = grad_output * (rng.random(grad_output.shape) >= self.p) / (1 - self.p)
        return found


class DropoutUnscaled(layers.Dropout):
    """Dropout that scales up in forward only.

    What is kept is multiplied by 1 / (1 - p) on the way there, and by 1 on the way back.
    """

    name = "dropout"

    def backward(self, grad_output: Array) -> Array:
        return super().backward(grad_output) * (1 - self.p)


class DropoutWithoutMask(layers.Dropout):
    """Dropout that is not there in backward, but for its scale.

    What was dropped in forward had no part in the loss, and gets a gradient all the same.
    """

    name = "dropout"

    def backward(self, grad_output: Array) -> Array:
        self.take()
        return grad_output / (1 - self.p)


def one(kind: Any, cause: str, *options: Any, **named: Any) -> Any:
    return fault(
        kind,
        lambda rng: [layers.Linear2(3, 6, rng=rng), kind(*options, **named), layers.Linear2(6, 2, rng=rng)],
        (5, 3),
        (5, 2),
        (cause, kind.name, "grad_input", None),
    )


FAULTS = (
    one(LayerNormWithoutMean, "missing-term", 6),
    one(LayerNormWithoutVariance, "missing-term", 6),
    one(LayerNormOnlyDivides, "missing-term", 6),
    one(BatchNormRunning, "missing-term", 6),
    one(DropoutNewMask, "mutated-cache", 0.5, seed=1),
    one(DropoutUnscaled, "wrong-scale", 0.25, seed=1),
    one(DropoutWithoutMask, "missing-term", 0.5, seed=1),
)
