"""Guessing: the loss that a backward is the derivative of, where it is handed targets and no gradient.

A loss is believed where a gradient of the call is exactly its derivative, up to a constant: of so many numbers, that is
no accident. The constant is the one that most of them have in common. What disagrees with that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Derivative, directions_for
from mtorch.debug.events import Call
from mtorch.layers.base import Array

NEAR = 1e-6
MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Loss:
    """A loss of an output, as a sum over its elements, times a constant."""

    name: str
    of: Callable[[Array, Array], Any]
    target: Array
    scale: float = 1.0

    def __call__(self, output: Array) -> Any:
        return self.scale * self.of(output, self.target.reshape(output.shape))


def softmax_cross_entropy(axis: int) -> Callable[[Array, Array], Any]:
    def of(z: Array, t: Array) -> Any:
        z = z - z.real.max(axis=axis, keepdims=True)
        return (t.sum(axis=axis) * np.log(np.exp(z).sum(axis=axis))).sum() - (t * z).sum()

    return of


LOSSES: dict[str, Callable[[Array, Array], Any]] = {
    "squares": lambda y, t: 0.5 * ((y - t) ** 2).sum(),
    "cross-entropy": lambda y, t: -(t[t != 0] * np.log(y[t != 0])).sum(),
    "binary cross-entropy": lambda y, t: -(t * np.log(y) + (1 - t) * np.log(1 - y)).sum(),
    "cross-entropy of a softmax": softmax_cross_entropy(-1),
    "cross-entropy of a softmax along the first axis": softmax_cross_entropy(0),
    "binary cross-entropy of a sigmoid": lambda z, t: (np.log1p(np.exp(z)) - t * z).sum(),
    "absolute differences": lambda y, t: (np.where(y.real < t, -1, 1) * (y - t)).sum(),
}


def losses(output: Array, targets: list[Array]) -> Iterator[Loss]:
    """The losses that an output may have with one of these, and its plain sum."""
    for target in targets:
        for whole in as_targets(output, target):
            for name, of in LOSSES.items():
                with np.errstate(all="ignore"):
                    if np.ndim(output) and np.isfinite(of(output, whole)):
                        yield Loss(name, of, whole)
    yield Loss("sum", lambda y, t: y.sum(), np.zeros(output.shape))


def as_targets(output: Array, target: Array) -> Iterator[Array]:
    """A target in the output's shape: as it is, turned, or classes as rows, or columns, of zeros and a one."""
    if target.dtype.kind not in "fiub":
        return
    if target.size == output.size:
        yield target.reshape(output.shape).astype(np.float64)
    if target.ndim == 2 and target.shape[0] != target.shape[1] and target.T.shape == output.shape:
        yield target.T.astype(np.float64)
    labels = np.ravel(target)
    if output.ndim == 2 and labels.size and np.array_equal(labels, labels.astype(np.int64)):
        for axis in (1, 0):
            n, classes = output.shape[1 - axis], output.shape[axis]
            if labels.size == n and 1 < classes <= MOST_CLASSES and 0 <= labels.min() <= labels.max() < classes:
                found = np.eye(classes)[labels.astype(np.int64)]
                yield found if axis == 1 else found.T


def guessed(call: Call, candidates: list[Loss]) -> Call | None:
    """The call as one whose derivative is that of a loss; None where no gradient is any loss's derivative."""
    best: tuple[int, Call | None] = 0, None
    for loss in candidates:
        try:
            found = replace(call, layer=replace(call.layer, call=replace(call.layer.call, loss=loss)))
            scales = [s for slot in call.slots if (s := ratio(found, slot)) is not None]
        except Exception:  # a stranger's layer may refuse anything
            continue
        for scale in scales:
            agreeing = sum(abs(other - scale) <= NEAR * abs(scale) for other in scales)
            if agreeing > best[0]:
                scaled = replace(loss, scale=scale)
                best = agreeing, replace(call, layer=replace(call.layer, call=replace(call.layer.call, loss=scaled)))
    return best[1]


def rated(call: Call) -> Call | None:
    """The call with the learning rate by which its updates are those of gradients; None where there is none such."""
    scales = [s for p in call.layer.owned if p.unknown and (s := ratio(call, p.name)) is not None]
    if not scales:
        return None
    rate = max(scales, key=lambda scale: sum(abs(other - scale) <= NEAR * abs(scale) for other in scales))
    names = {p.name for p in call.layer.owned if p.unknown}
    owned = tuple(replace(p, lr=p.lr * rate) if p.unknown and p.lr else p for p in call.layer.owned)
    gradients = {slot: g / rate if slot in names else g for slot, g in call.gradients.items()}
    return replace(call, layer=replace(call.layer, owned=owned), gradients=gradients)


def agrees(call: Call, slot: str) -> bool:
    """Whether a gradient is the derivative, up to a constant."""
    try:
        return ratio(call, slot) is not None
    except Exception:  # a stranger's layer may refuse anything
        return False


def ratio(call: Call, slot: str) -> float | None:
    """The constant by which a gradient is the derivative's multiple; None where it is none, or zero."""
    derivative, gradient = Derivative(call), call.gradients.get(slot)
    if gradient is None or gradient.size < 2 or gradient.shape != derivative.value(slot).shape:
        return None
    directions = directions_for(derivative.value(slot))[:3]
    said = np.array([(gradient * direction).sum() for direction in directions])
    true = derivative.along(slot, directions, call.grad_output).values
    size = float(true @ true)
    if not np.isfinite(size) or not size > 0 or not said.any():
        return None
    scale = float(said @ true) / size
    limit = max(NEAR, call.tolerance / 10)
    return scale if np.abs(said - scale * true).max() <= limit * np.abs(said).max() else None
