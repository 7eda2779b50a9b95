"""Losses: a number to make small, and its gradient for the network's outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mtorch.errors import MtorchError, ShapeError
from mtorch.layers.base import Array

REDUCTIONS = ("batchmean", "mean", "sum")


class Loss:
    """The loss of one batch: `.value`, `.per_element`, and `.backward()`, which fills the gradients.

    `grad_output` is d value / d outputs, of the outputs' shape; `elements` is how many numbers
    `total`, the sum of their losses, was taken over.
    """

    def __init__(self, value: Any, total: Any, grad_output: Array, backward_func: Callable[[Array], Any]) -> None:
        self.value = value
        self.total = total
        self.grad_output = grad_output
        self.elements = grad_output.size
        self._backward_func = backward_func

    @property
    def per_element(self) -> float:
        return float(np.real(self.total)) / self.elements

    def backward(self) -> Any:
        return self._backward_func(self.grad_output)


class SquareLoss:
    """Half the squared distance: value = 0.5 * sum((outputs - targets) ** 2) / n.

    n is the batch size (shape[-2]) for reduction "batchmean", the number of elements for "mean", 1
    for "sum". The gradient is (outputs - targets) / n. `transform=True` takes class labels of shape
    (...) in place of targets (..., classes). Raises ShapeError where the shapes differ.
    """

    def __init__(self, backward_func: Callable[[Array], Any], reduction: str = "batchmean") -> None:
        if reduction not in REDUCTIONS:
            raise MtorchError(f"SquareLoss expected a reduction out of {', '.join(REDUCTIONS)}, got {reduction!r}")
        self.backward_func = backward_func
        self.reduction = reduction

    def __call__(self, outputs: Array, targets: Any, transform: bool = False) -> Loss:
        expected = one_hot(targets, outputs) if transform else np.asarray(targets)
        if expected.shape != outputs.shape:
            raise ShapeError("SquareLoss", f"targets of shape {outputs.shape}", expected.shape)
        n = self._count(outputs)
        difference = outputs - expected
        total = 0.5 * (difference * difference).sum()
        return Loss(total / n, total, difference / outputs.dtype.type(n), self.backward_func)

    def _count(self, outputs: Array) -> int:
        if self.reduction == "sum":
            return 1
        return outputs.size if self.reduction == "mean" else (outputs.shape[-2] if outputs.ndim > 1 else 1)


def one_hot(labels: Any, outputs: Array) -> Array:
    """Class labels (...) as rows of zeros with a one: (..., classes), in the dtype of outputs."""
    labels = np.asarray(labels)
    classes = outputs.shape[-1]
    if labels.shape != outputs.shape[:-1]:
        raise ShapeError("SquareLoss", f"labels of shape {outputs.shape[:-1]}", labels.shape)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise MtorchError(f"SquareLoss expected labels in 0..{classes - 1}, got {labels.min()}..{labels.max()}")
    rows: Array = np.eye(classes, dtype=outputs.real.dtype)[labels.astype(np.intp)]
    return rows
