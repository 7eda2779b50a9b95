"""Hypotheses about sums: one of the terms that make up the gradient is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mtorch.debug.derivatives import rms
from mtorch.debug.diagnosis.hypotheses.case import Case, Guess, near
from mtorch.debug.gradcheck import TOLERANCE
from mtorch.debug.twins import twin
from mtorch.layers.base import Array
from mtorch.naming import paths


def skip_missing(case: Case) -> Guess | None:
    """Short of the truth by grad_output itself, where there are layers inside: a skip connection's part."""
    true, grad = case.true, case.call.grad_output
    if len(case.call.inside) < 2 or true is None or true.shape != grad.shape or not near(true - case.recorded, grad):
        return None
    return Guess("missing-term", "lacks grad_output itself, what the skip connection carries", {"term": "skip"})


def statistics_missing(case: Case) -> Guess | None:
    """Short of what passes through a mean, a variance, or both: constant, or in proportion to x - mean, along axes."""
    x, true = case.input(), case.true
    if x is None or true is None or x.ndim < 2:
        return None
    missing = case.recorded - true
    for axes in {(x.ndim - 1,), (0,), (0, *range(2, x.ndim)), tuple(range(1, x.ndim))}:
        count = int(np.prod([x.shape[a] for a in axes]))
        mean = missing.mean(axis=axes, keepdims=True)
        centred = x - x.mean(axis=axes, keepdims=True)
        square = (centred * centred).mean(axis=axes, keepdims=True)
        if count < 4 or not square.all():
            continue
        along = centred * ((missing * centred).mean(axis=axes, keepdims=True) / square)
        # A true gradient of a normalisation sums to nothing along its axes: by that one knows that it is one.
        if rms(true.mean(axis=axes)) > TOLERANCE * rms(true):
            continue
        terms = {"mean": mean + 0 * x, "variance": along, "mean and variance": mean + along}
        for name, term in terms.items():
            if near(missing, term):
                said = f"lacks what passes through the {name}: that was taken as constant"
                return Guess("missing-term", said, {"term": name, "axes": list(axes)})
    return None


def eval_mode(case: Case) -> Guess | None:
    """The derivative of the layer in eval mode: running statistics in place of the batch's."""
    after = twin(case.layer)
    after.forward(*(np.array(x) for x in case.call.inputs)) if len(case.call.inputs) == 1 else None
    for layer in (twin(case.layer), after):
        layer.train(False)
        if layer.buffers and case.fits(case.slopes(layer=layer)):
            said = "is the derivative in eval mode: what passes through the batch's statistics is missing"
            return Guess("missing-term", said, {"term": "mean and variance", "as_in": "eval mode"})
    return None


def carry_cut(case: Case) -> Guess | None:
    """What is carried back between time steps is missing: all of it, or of one of the states."""
    layer = case.layer
    if hasattr(layer, "time_step"):
        states = layer.states
        for kept in [()] + [(n,) for n in range(len(states))] if len(states) > 1 else [()]:
            cut = [n for n in range(len(states)) if n not in kept]
            if case.fits(case.slopes_cut(without_carry(layer, cut))):
                names = [f"grad_{states[n].rstrip('0')}" for n in cut]
                said = f"lacks {' and '.join(names)} from the time step after: not carried back, or not added"
                return Guess("missing-term", said, {"term": " and ".join(names)})
    x, grad = case.input(), case.call.grad_output
    if x is None or x.ndim < 3 or len(x) != len(grad) or len(x) < 2:
        return None
    alone = np.zeros(len(case.found.directions))
    for t in range(len(x)):
        only, masks = np.zeros_like(grad), np.zeros(x.shape)
        only[t], masks[t] = grad[t], 1.0
        directions = [direction * masks for direction in case.found.directions]
        alone += case.derivative.along(case.slot, directions, only).values
    if not case.fits(alone):
        return None
    said = "has of each time step only its own output's part: nothing is carried back from the time step after"
    return Guess("missing-term", said, {"term": "grad_h"})


def without_carry(layer: Any, cut: list[int]) -> Any:
    """A twin whose time steps take the states of those numbers as constants, but for the first step's."""
    out, calls = twin(layer), [0]
    cls: Any = type(out)

    def forward(self: Any, *args: Any) -> Any:
        calls[0] = 0
        return cls.forward(self, *args)

    def time_step(self: Any, x: Array, *states: Array) -> Any:
        first, calls[0] = calls[0] == 0, calls[0] + 1
        return cls.time_step(self, x, *(s.real if n in cut and not first else s for n, s in enumerate(states)))

    out.__class__ = type(cls.__name__, (cls,), {"forward": forward, "time_step": time_step})
    return out


def inner_cut(case: Case) -> Guess | None:
    """What passes through one of the layers inside is missing, or through a block of that one's columns."""
    for place, (path, _) in enumerate(zip(case.call.inside[1:], paths(case.layer)[1:], strict=False), 1):
        for words, block in blocks():
            layer = twin(case.layer)
            child = paths(layer)[place][1]
            child.__class__ = constant(type(child), *block)
            if case.fits(case.slopes_cut(layer)):
                said = f"lacks what passes through {words}{path}"
                return Guess("missing-term", said, {"term": path, "block": list(block)})
    return None


def blocks() -> Iterator[tuple[str, tuple[int, int]]]:
    """(words, (number, of how many)) of blocks of columns; all first."""
    yield "", (0, 1)
    for count in (2, 3, 4):
        for number in range(count):
            yield f"block {number} of {count} of ", (number, count)


def constant(cls: Any, number: int, count: int) -> type:
    """A class whose output has no imaginary part in one of so many blocks of columns: constant there."""

    def forward(self: Any, *args: Any) -> Any:
        out = np.array(cls.forward(self, *args))
        width = out.shape[-1] // count if out.ndim and not out.shape[-1] % count else 0
        place = slice(number * width, (number + 1) * width)
        if np.iscomplexobj(out):
            out[..., place] = out[..., place].real
        return out

    return type(cls.__name__, (cls,), {"forward": forward})


def mask_missing(case: Case) -> Guess | None:
    """Right wherever the true gradient is not 0, and something where it is: a mask was not applied."""
    true = case.true
    if true is None or case.input() is None:
        return None
    zero = true == 0
    if not zero.any() or zero.all() or not case.recorded[zero].any():
        return None
    if not near(case.recorded[~zero], true[~zero]):
        return None
    share = float((case.recorded[zero] != 0).mean())
    said = f"is right where the true gradient is not 0, but {share:.0%} of the cells that should be 0 are not: no mask"
    return Guess("missing-term", said, {"term": "mask", "share_of_zeros": round(share, 4)})


def part_missing(case: Case) -> Guess | None:
    """Right where it is not 0, and 0 in some of the places where the true gradient is not."""
    true, recorded = case.true, case.recorded
    if true is None:
        return None
    missing = (recorded == 0) & (true != 0)
    if not missing.any() or missing.all() or not near(recorded[~missing], true[~missing]):
        return None
    said = f"is right where it is not 0, but {missing.mean():.0%} of its cells are 0 and should not be"
    return Guess("missing-term", said, {"term": "part of the cells", "share_missing": round(float(missing.mean()), 4)})


def target_missing(case: Case) -> Guess | None:
    """A loss's gradient without what the targets take off it."""
    true, rest = case.true, getattr(case.layer, "rest", None)
    if true is None or not rest:
        return None
    target = np.asarray(rest[0])
    if target.shape == true.shape[:-1] and target.dtype.kind in "iu":
        target = np.eye(true.shape[-1])[target]
    missing = true - case.recorded
    if target.shape != true.shape or not target.any():
        return None
    constant = float((missing * target).sum() / (target * target).sum())
    if not near(missing, constant * target):
        return None
    return Guess(
        "missing-term", f"lacks {constant:.6g} times the targets", {"term": "target", "constant_of_term": constant}
    )
