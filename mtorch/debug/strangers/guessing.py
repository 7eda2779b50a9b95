"""Guessing: the loss that a backward is the derivative of, where it is handed targets and no gradient.

A loss is believed where a gradient of the call is exactly its derivative, up to a constant: of so many numbers, that is
no accident. The constant is the one that most of them have in common. What disagrees with that is wrong.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Derivative, directions_for
from mtorch.debug.events import Call
from mtorch.debug.generic import SEEDS, answered, jittered
from mtorch.debug.strangers.places import attributes
from mtorch.debug.twins import twin
from mtorch.layers.base import Array

NEAR = 1e-6
MOST_CLASSES = 10_000
TRIES = 3
"""Other numbers at which a guessed loss is tried."""


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
    """The call as one whose derivative is that of a loss; None where no gradient is any loss's derivative.

    Where some gradients are and others are not, which is to be an error, the loss must hold at other numbers, too: at
    zeros, or of two classes, many a loss has the same derivative.
    """
    found: list[tuple[int, Call]] = []
    for loss in candidates:
        try:
            with_loss = replace(call, layer=replace(call.layer, call=replace(call.layer.call, loss=loss)))
            scales = [s for slot in call.slots if (s := ratio(with_loss, slot)) is not None]
        except Exception:  # a stranger's layer may refuse anything
            continue
        for scale in scales:
            agreeing = sum(abs(other - scale) <= NEAR * abs(scale) for other in scales)
            scaled = replace(loss, scale=scale)
            found.append(
                (agreeing, replace(call, layer=replace(call.layer, call=replace(call.layer.call, loss=scaled))))
            )
    for agreeing, known in sorted(found, key=lambda pair: -pair[0]):
        if agreeing == len(call.slots) or holds_elsewhere(known):
            return known
    return None


def holds_elsewhere(call: Call) -> bool:
    """Whether a gradient is the loss's at other numbers, too; or that can't be tried, as a copy does not go along."""
    tried = False
    for seed in range(TRIES):
        try:
            layer = twin(call.layer)
            layer.parameters = {
                n: jittered(p, SEEDS * (seed + 1) + k) for k, (n, p) in enumerate(layer.parameters.items())
            }
            inputs = tuple(jittered(x, SEEDS * (seed + 1) - 1 - k) for k, x in enumerate(call.inputs))
            before = twin(layer)
            output, gradients = answered(layer, inputs, call.grad_output, call)
            moved = replace(call, layer=before, inputs=inputs, gradients=gradients)
            scales = [s for slot in call.slots if (s := ratio(moved, slot)) is not None]
        except Exception:  # a stranger's layer may refuse anything
            continue
        if any(abs(scale - 1) <= 10 * max(NEAR, call.tolerance / 10) for scale in scales):
            return True
        tried = tried or bool(np.isfinite(output).all() and any(g.any() for g in gradients.values()))
    return not tried


def rated(call: Call) -> Call | None:
    """The call with the learning rates by which its updates are those of gradients; None where there is none such.

    All have the one that most have in common, but for those whose own one is a number in the layer's code, or its own.
    """
    scales = {p.name: s for p in call.layer.owned if p.unknown and (s := ratio(call, p.name)) is not None}
    if not scales:
        return None
    held = constants(call.layer)

    def written(scale: float) -> bool:
        return any(abs(abs(scale) - number) <= NEAR * abs(scale) for number in held)

    def popular(scale: float) -> tuple[int, bool]:
        return sum(abs(other - scale) <= NEAR * abs(scale) for other in scales.values()), written(scale)

    rate = max(scales.values(), key=popular)
    rates = {
        p.name: scales[p.name] if p.name in scales and written(scales[p.name]) and written(rate) else rate
        for p in call.layer.owned
        if p.unknown
    }
    owned = tuple(replace(p, lr=p.lr * rates[p.name]) if p.unknown and p.lr else p for p in call.layer.owned)
    gradients = {slot: g / rates.get(slot, 1.0) for slot, g in call.gradients.items()}
    return replace(call, layer=replace(call.layer, owned=owned), gradients=gradients)


def constants(layer: Any) -> list[float]:
    """The numbers that stand in the code of a stranger's backward, in its object and in its module."""
    target, method = layer.target, getattr(type(layer.target), layer.back.method, None)
    around = vars(sys.modules.get(type(target).__module__, sys))
    code = getattr(inspect.unwrap(method), "__code__", None) if method else None
    held = [*(code.co_consts if code else ()), *attributes(target).values(), *around.values()]
    return [abs(x) for x in held if isinstance(x, float)]


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
