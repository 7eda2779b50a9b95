"""Losses: a number to make small, and its gradient for the network's outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from mtorch.errors import MtorchError, ShapeError
from mtorch.layers.activation import sigmoid
from mtorch.layers.base import Array


class Loss:
    """The loss of one batch: `.value`, `.per_element`, and `.backward()`, which fills the gradients.

    `grad_output` is d value / d outputs, of the outputs' shape; `elements` is how many losses
    `total`, their sum, was taken over.
    """

    def __init__(
        self, value: Any, total: Any, elements: int, grad_output: Array, backward_func: Callable[[Array], Any]
    ) -> None:
        self.value = value
        self.total = total
        self.elements = elements
        self.grad_output = grad_output
        self._backward_func = backward_func

    @property
    def per_element(self) -> float:
        return float(self.total.real) / self.elements if self.elements else float("nan")

    def backward(self) -> Any:
        return self._backward_func(self.grad_output)


class LossFunction:
    """Base of the losses: outputs and targets of one shape, each pair a loss of its own; value is their mean or sum.

    `backward_func` is the network's backward. `transform=True` takes class labels of shape (...) in
    place of targets (..., classes). Raises ShapeError where the shapes differ.
    """

    reductions: ClassVar[tuple[str, ...]] = ("mean", "sum")

    def __init__(self, backward_func: Callable[[Array], Any], reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            name, known = type(self).__name__, ", ".join(self.reductions)
            raise MtorchError(f"{name} expected a reduction out of {known}, got {reduction!r}")
        self.backward_func = backward_func
        self.reduction = reduction
        self._rows: Array = np.eye(0)

    def __call__(self, outputs: Array, targets: Any, transform: bool = False) -> Loss:
        expected = self.one_hot(targets, outputs) if transform else np.asarray(targets)
        if expected.shape != outputs.shape:
            raise ShapeError(type(self).__name__, f"targets of shape {outputs.shape}", expected.shape)
        losses, gradient = self.each(outputs, expected)
        n = self.count(losses)
        total = np.add.reduce(losses, None)
        return Loss(total / n, total, losses.size, gradient / n, self.backward_func)

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """The losses, and the gradient of their sum for the outputs."""
        raise NotImplementedError

    def count(self, losses: Array) -> int:
        """What the sum is divided by."""
        return 1 if self.reduction == "sum" else losses.size

    def one_hot(self, targets: Any, outputs: Array) -> Array:
        """Class labels (...) as rows of zeros with a one: (..., classes), in the dtype of outputs."""
        labels: Array = np.asarray(targets)
        name, classes = type(self).__name__, outputs.shape[-1]
        if labels.shape != outputs.shape[:-1]:
            raise ShapeError(name, f"labels of shape {outputs.shape[:-1]}", labels.shape)
        if labels.dtype.kind not in "iu":
            raise MtorchError(f"{name} expected whole numbers as labels, got {labels.dtype}")
        if self._rows.shape != (classes, classes) or self._rows.dtype != outputs.real.dtype:
            self._rows = np.eye(classes, dtype=outputs.real.dtype)
        try:
            if labels.dtype.kind == "i" and labels.size and labels.min() < 0:
                raise IndexError
            return self._rows.take(labels, axis=0)
        except IndexError:
            low, high = labels.min(), labels.max()
            raise MtorchError(f"{name} expected labels in 0..{classes - 1}, got {low}..{high}") from None


class SquareLoss(LossFunction):
    """Half the squared distance.

    Notation: y outputs (...), t targets (...), n the batch size (shape[-2]) for reduction "batchmean", the
    number of elements for "mean", 1 for "sum"

        forward   value = 0.5 * sum((y - t)**2) / n
        backward  grad_output = (y - t) / n
    """

    reductions = ("batchmean", "mean", "sum")

    def __init__(self, backward_func: Callable[[Array], Any], reduction: str = "batchmean") -> None:
        super().__init__(backward_func, reduction)

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        difference = outputs - targets
        return 0.5 * (difference * difference), difference

    def count(self, losses: Array) -> int:
        if self.reduction == "batchmean":
            return int(losses.shape[-2]) if losses.ndim > 1 else 1
        return super().count(losses)


class MSELoss(LossFunction):
    """The squared distance.

    Notation: y outputs (...), t targets (...), n the number of elements, or 1 for reduction "sum"

        forward   value = sum((y - t)**2) / n
        backward  grad_output = 2 * (y - t) / n
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        difference = outputs - targets
        return difference * difference, 2 * difference


class L1Loss(LossFunction):
    """The distance. Where y = t, the derivative is taken as 0.

    Notation: y outputs (...), t targets (...), n the number of elements, or 1 for reduction "sum"

        forward   value = sum(abs(y - t)) / n
        backward  grad_output = sign(y - t) / n
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        difference = outputs - targets
        sign = np.sign(difference.real)
        return sign * difference, sign


class HuberLoss(LossFunction):
    """Square near the target, straight further off (Huber 1964).

    Notation: y outputs (...), t targets (...), d = y - t, n the number of elements, or 1 for reduction "sum"

        forward   value = sum(0.5 * d**2 where abs(d) <= delta, else delta * (abs(d) - delta / 2)) / n
        backward  grad_output = clip(d, -delta, delta) / n
    """

    def __init__(self, backward_func: Callable[[Array], Any], reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(backward_func, reduction)
        self.delta = delta

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        d, delta = outputs - targets, outputs.real.dtype.type(self.delta)
        sign = np.sign(d.real)
        near = sign * d.real <= delta
        return np.where(near, 0.5 * d * d, delta * (sign * d - delta / 2)), np.where(near, d, sign * delta)


class CrossEntropyLoss(LossFunction):
    """Minus the logarithm of the probability of the right class, from logits.

    Notation: y outputs (..., classes), t labels (...), p = softmax(y), n the number of labels, or 1 for
    reduction "sum"

        forward   value = sum(log(sum(exp(y))) - y[t]) / n
        backward  grad_output = (p - one_hot(t)) / n

    The classes are the last axis (PyTorch: axis 1). The largest logit is taken off first, so that exp never
    overflows. Targets are labels, with `transform` or without.
    """

    def __call__(self, outputs: Array, targets: Any, transform: bool = True) -> Loss:
        return super().__call__(outputs, targets, True)

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        shifted = outputs - outputs.real.max(axis=-1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=-1, keepdims=True)
        losses: Array = np.log(total[..., 0]) - (shifted * targets).sum(axis=-1)
        return losses, e / total - targets


class BCEWithLogitsLoss(LossFunction):
    """Minus the logarithm of the probability of yes or no, from logits.

    Notation: y outputs (...), t targets (...) in 0..1, p = 1 / (1 + exp(-y)), n the number of elements, or 1
    for reduction "sum"

        forward   value = sum(max(y, 0) - y * t + log(1 + exp(-abs(y)))) / n
        backward  grad_output = (p - t) / n
    """

    def each(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        positive = outputs.real > 0
        above = np.where(positive, outputs, outputs.dtype.type(0))
        losses = above - outputs * targets + np.log1p(np.exp(np.where(positive, -outputs, outputs)))
        return losses, sigmoid(outputs) - targets
