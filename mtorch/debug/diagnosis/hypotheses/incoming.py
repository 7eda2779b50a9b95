"""Hypotheses about what comes into backward: grad_output ignored, in another order, or only a part of it counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mtorch.debug.diagnosis.hypotheses.case import Case, Guess, axis_words
from mtorch.layers.base import Array


def ignored(case: Case) -> Guess | None:
    """The gradient for a grad_output of ones, or of grad_output's mean everywhere."""
    grad = case.call.grad_output
    if np.ptp(grad) == 0:
        return None
    for words, value in (("ones", 1.0), ("its mean", float(grad.mean()))):
        if case.fits(case.slopes(grad_output=np.full(grad.shape, value))):
            said = f"is the derivative with {words} in place of grad_output"
            return Guess("ignored-grad-output", said, {"grad_output_as": words})
    return None


def orders(count: int) -> Iterator[tuple[str, list[int]]]:
    """Wrong orders of time steps, in words and as indices."""
    steps = list(range(count))
    yield "in reversed order", steps[::-1]
    if count > 2:
        yield "at t+1", [*steps[1:], 0]
        yield "at t-1", [count - 1, *steps[:-1]]


def steps_shifted(case: Case) -> Guess | None:
    """The right slices at the wrong time steps, in what comes out or in the grad_output that went in.

    What has been shifted over the end may have become anything: it does not count.
    """
    grad, recorded, true = case.call.grad_output, case.recorded, case.true
    if grad.ndim < 3 or len(grad) < 2:
        return None
    for words, order in orders(len(grad)):
        if true is not None and true.shape[:1] == grad.shape[:1] and true.ndim == grad.ndim:
            kept = {"at t+1": slice(0, -1), "at t-1": slice(1, None)}.get(words, slice(None))
            moved = true[order]
            if moved[kept].any() and np.allclose(moved[kept], recorded[kept], rtol=1e-7, atol=1e-7 * abs(true).max()):
                said = f"has at each t what the true gradient has {words}"
                return Guess("wrong-time-index", said, {"order": words, "of": case.check.tensor})
        for ends in (grad[order], emptied(grad[order], words)):
            if case.fits(case.slopes(grad_output=ends)):
                said = f"is the derivative with grad_output taken {words}"
                return Guess("wrong-time-index", said, {"order": words, "of": "grad_output"})
    return None


def emptied(moved: Array, words: str) -> Array:
    """With zeros where a shift wrapped around."""
    out = np.array(moved)
    if words.startswith("at"):
        out[-1 if words == "at t+1" else 0] = 0
    return out


def part_of_samples(case: Case) -> Guess | None:
    """A parameter's gradient of one sample or time step alone: = where += belongs, in a loop over an axis."""
    grad = case.call.grad_output
    if case.slot.startswith("#"):
        return None
    for axis in range(max(0, grad.ndim - 1)):
        for index in {0, grad.shape[axis] - 1} if grad.shape[axis] > 1 else ():
            alone = np.zeros_like(grad)
            place = (slice(None),) * axis + (index,)
            alone[place] = grad[place]
            if case.fits(case.slopes(grad_output=alone)):
                what = f"{axis_words(axis, grad.shape)} {index}"
                said = f"is what {what} of {grad.shape[axis]} contributes alone: = where += belongs"
                return Guess("missing-accumulation", said, {"axis": axis, "index": index})
    return None


def repeated_indices(case: Case) -> Guess | None:
    """The gradient of a table's rows, each from the last place only that looked it up."""
    inputs, grad = case.call.inputs, case.call.grad_output
    if len(inputs) != 1 or inputs[0].dtype.kind not in "iu" or grad.shape[: inputs[0].ndim] != inputs[0].shape:
        return None
    rows = inputs[0]
    if not rows.size or case.recorded.shape[1:] != grad.shape[rows.ndim :]:
        return None
    last = np.zeros(case.recorded.shape)
    last[rows] = grad
    if not case.is_recorded(last):
        return None
    repeated = int((np.bincount(rows.ravel()) > 1).sum())
    said = f"has of each index the last place's contribution only ({repeated} indices occur more than once)"
    return Guess("missing-accumulation", f"{said}: = where += belongs", {"repeated": repeated})
