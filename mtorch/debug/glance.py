"""A glance: one complex step in all tensors of many calls at once tells which calls' gradients are all right.

All inputs and parameters move together, each in a random direction of its own, so that the outputs must move by the
sum of <gradient, direction> over the tensors. A gradient that is off by e is overlooked only where <e, direction> is
below `NEAR` of its size by chance: of errors as large as the check's tolerance one in a million, of larger ones fewer
in proportion. What is not found right here is not wrong yet: it gets the check of its own.

Time steps of one layer are looked at together, as rows of one batch, where the layer treats rows one by one.
That is enough for layers whose forward is mtorch's own, which carries complex numbers through. Of others, a forward
that drops imaginary parts may agree with a backward that lacks the same term: there, differences must say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import COMPLEX_STEP, FLOOR, Derivative, noise
from mtorch.debug.events import Call
from mtorch.debug.naming import is_input
from mtorch.debug.twins import own
from mtorch.layers import Linear
from mtorch.layers.activation import Activation
from mtorch.layers.base import Array

NEAR = 1e-12
"""How far off a gradient that is found right may be, as a share of its size: rounding leaves less, as a rule."""
STEP, CONFIRMED, LEAST = 1e-5, 1e-7, 1e-2
"""Differences' step; how far from them the sum of all gradients, each as of size 1, may be; and the least size, as a
share of grad_output's norm: the last two come to what a check lets pass, 1e-5 of 1e-4 of it.
"""
ROW_BY_ROW = (Linear, Activation)
"""Layers that make what is at an index of the output's first axis of what is at the same index of the input's."""
MOST_ELEMENTS = 30_000
"""Numbers that go into one call at the most: more at once leave the processor's cache."""


def found_right(calls: Mapping[int, Call], going: Callable[[], None] = lambda: None) -> dict[int, list[float]]:
    """By number, the calls all of whose gradients are right, with how far off each of their `slots` is at the most.

    `going` is called before each look.
    """
    found: dict[int, list[float]] = {}

    def look(numbers: list[int]) -> None:
        going()
        off = errors([calls[number] for number in numbers])
        if off is not None:
            pairs = zip(numbers, off.tolist(), strict=True)
            found.update({number: of_call for number, of_call in pairs if all(error <= NEAR for error in of_call)})

    for stack in stacks(calls):
        if not own(calls[stack[0]].layer):
            continue
        look(stack)
        # Of a parameter, all calls take the same step, which may be too short beside the others' for one of them.
        for number in stack if len(stack) > 1 else ():
            if number not in found:
                look([number])
    return found


def confirmed(call: Call) -> list[float] | None:
    """How far off the gradients of a stranger's call are at the most, where a look or two find them right, else None.

    A complex step in all tensors at once, which differences along the same line must agree with, as a forward that
    drops imaginary numbers may agree with a backward that lacks the same term. Where it can't be taken, two lines.
    """
    if not call.slots or not shaped(call, call.slots):
        return None
    off = errors([call])
    exact = off is not None and bool((off <= NEAR).all())
    missed = [line(call, seed) for seed in ((0,) if exact else (0, len(call.slots)))]
    if not all(off_by <= CONFIRMED for off_by in missed):  # NaN isn't
        return None
    return off[0].tolist() if off is not None and exact else [max(missed)] * len(call.slots)


def line(call: Call, first: int) -> float:
    """By how much the slope along a random line in all tensors misses what their gradients say, each as of size 1."""
    derivative, slots = Derivative(call), call.slots
    least = LEAST * float(np.linalg.norm(call.grad_output))
    moves, said, share = {}, 0.0, np.inf
    for seed, slot in enumerate(slots, first):
        value, gradient = derivative.value(slot), call.gradients[slot]
        moves[slot] = noise(value.shape, seed) / (max(float(np.linalg.norm(gradient)), least) or 1.0)
        said += float((gradient * moves[slot]).sum())
        largest = float(np.abs(moves[slot]).max(initial=0.0)) or 1.0
        share = min(share, STEP * max(1.0, float(np.abs(value).max(initial=0.0))) / largest)
    outputs = [
        derivative.output({slot: derivative.value(slot) + k * share * move for slot, move in moves.items()})
        for k in (-2, -1, 1, 2)
    ]
    low2, low, high, high2 = ((call.grad_output * output).sum() for output in outputs)
    slope = float(8 * (high - low) - (high2 - low2)) / (12 * share)
    return float(abs(slope - said) / np.sqrt(len(slots)))


def stacks(calls: Mapping[int, Call]) -> list[list[int]]:
    """The numbers of calls that can be looked at together; any other stands alone."""
    found: defaultdict[Hashable, list[list[int]]] = defaultdict(list)
    for number, call in calls.items():
        group = found[number if (key := kind(call)) is None else key]
        if group and fits(call, calls[group[-1][0]], len(group[-1])):
            group[-1].append(number)
        else:
            group.append([number])
    return [stack for group in found.values() for stack in group]


def row_by_row(layer: Any, x: Array) -> bool:
    """Whether a layer of mtorch's makes each row of its output of the same row of x alone."""
    return isinstance(layer, ROW_BY_ROW) and x.ndim > 1


def kind(call: Call) -> Hashable:
    """What calls have in common that may be rows of one batch, but for parameters; None where this one can't be."""
    if len(call.inputs) != 1:
        return None
    layer, x = call.layer, call.inputs[0]
    if x.dtype.kind != "f" or not row_by_row(layer, x):
        return None
    shapes = tuple((slot, gradient.shape) for slot, gradient in call.gradients.items())
    settings = tuple((name, value) for name, value in vars(layer).items() if isinstance(value, int | float | str))
    return call.inside, type(layer), tuple(vars(layer)), x.shape, x.dtype.char, call.grad_output.shape, shapes, settings


def fits(call: Call, first: Call, count: int) -> bool:
    """Whether a call can join so many others: its parameters are theirs, and all together do not become too large."""
    if (count + 1) * call.inputs[0].size > MOST_ELEMENTS:
        return False
    theirs = first.layer.parameters
    return all(name in theirs and p.tobytes() == theirs[name].tobytes() for name, p in call.layer.parameters.items())


def errors(calls: Sequence[Call]) -> Array | None:
    """How far off gradients are at the most, as shares of their sizes: (calls, tensors), the tensors as in `slots`.

    Several calls must be ones that go together by `stacks`. None where a look can't tell: where a layer can't take a
    complex step, or gradients are missing or of wrong shapes.
    """
    first, n = calls[0], len(calls)
    slots = first.slots
    if not slots:
        return np.zeros((n, 0))
    if not shaped(first, slots):
        return None
    whole = first if n == 1 else replace(first, inputs=(np.concatenate([call.inputs[0] for call in calls]),))
    derivative = Derivative(whole)
    grad_outputs = by_call([call.grad_output for call in calls])
    gradients = [by_call([call.gradients[slot] for call in calls]) for slot in slots]
    steps, sizes = lengths(slots, np.array([norms(g) for g in gradients]), norms(grad_outputs))
    directions, said = {}, np.zeros(n)
    # Seeds of their own: two gradients of one shape that were exchanged would come to the same sum otherwise.
    for seed, (slot, gradient, step) in enumerate(zip(slots, gradients, steps, strict=True)):
        shape = derivative.value(slot).shape
        random = noise(shape, seed)
        if is_input(slot):
            flat = random.reshape(n, -1)
            said += step * np.einsum("ij,ij->i", gradient, flat)
            directions[slot] = (step[:, None] * flat).reshape(shape)
        else:
            said += step * (gradient @ random.ravel())
            directions[slot] = step[0] * random
    output = derivative.stepped(directions)
    if output is None or output.size != grad_outputs.size:
        return None
    true = np.einsum("ij,ij->i", grad_outputs, output.imag.reshape(n, -1)) / COMPLEX_STEP
    found: Array = (np.abs(said - true) / (steps * sizes)).T
    return found


def lengths(slots: Sequence[str], norms: Array, of_outputs: Array) -> tuple[Array, Array]:
    """How far to go, and the gradients' sizes, both (tensors, calls), by the norms of gradients and of grad_outputs.

    All come to sums of about the same size, as a small gradient's error would drown in a large one's rounding. The
    step of a parameter is the same for all calls.
    """
    sizes = np.maximum(norms, FLOOR * of_outputs)
    sizes += sizes == 0
    inputs = sum(map(is_input, slots))  # which come first
    largest = sizes.max(axis=1, keepdims=True)
    steps = np.empty(sizes.shape)
    steps[inputs:] = 1 / largest[inputs:]
    steps[:inputs] = (sizes / largest)[inputs:].mean(axis=0) / sizes[:inputs] if inputs < len(slots) else 1 / sizes
    return steps, sizes


def shaped(call: Call, slots: Sequence[str]) -> bool:
    """Whether there is a gradient for each slot, in the shape of what it is for."""
    return all(slot in call.gradients and call.gradients[slot].shape == call.value(slot).shape for slot in slots)


def by_call(arrays: Sequence[Array]) -> Array:
    """Arrays of one shape as rows."""
    found: Array = (np.array(arrays) if len(arrays) > 1 else arrays[0]).reshape(len(arrays), -1)
    return found


def norms(rows: Array) -> Array:
    """The norm of each row."""
    found: Array = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return found
