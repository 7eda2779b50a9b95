"""A glance: one complex step in all tensors of many calls at once tells which calls' gradients are all right.

All inputs and parameters move together, each in a random direction of its own, so that the outputs must move by the
sum of <gradient, direction> over the tensors. A gradient that is off by e is overlooked only where <e, direction> is
below `NEAR` of its size by chance: of errors as large as the check's tolerance one in a million, of larger ones fewer
in proportion. What is not found right here is not wrong yet: it gets the check of its own.

Time steps of one layer are looked at together, as rows of one batch, where the layer treats rows one by one.
Only of layers whose forward is mtorch's own, which carries complex numbers through: of others, a forward that drops
imaginary parts may agree with a backward that lacks the same term.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

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
ROW_BY_ROW = (Linear, Activation)
"""Layers that make what is at an index of the output's first axis of what is at the same index of the input's."""
MOST_ELEMENTS = 100_000
"""Numbers that go into one call at the most: more at once are no faster, and take memory."""


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

    for stack in stacks({number: call for number, call in calls.items() if own(call.layer)}):
        look(stack)
        # Of a parameter, all calls take the same step, which may be too short beside the others' for one of them.
        for number in stack if len(stack) > 1 else ():
            if number not in found:
                look([number])
    return found


def stacks(calls: Mapping[int, Call]) -> list[list[int]]:
    """The numbers of calls, all of mtorch's own layers, that can be looked at together; any other stands alone."""
    found: defaultdict[Hashable, list[list[int]]] = defaultdict(list)
    for number, call in calls.items():
        group = found[number if (key := kind(call)) is None else key]
        if group and fits(call, calls[group[-1][0]], len(group[-1])):
            group[-1].append(number)
        else:
            group.append([number])
    return [stack for group in found.values() for stack in group]


def kind(call: Call) -> Hashable:
    """What calls have in common that may be rows of one batch, but for parameters; None where this one can't be."""
    layer = call.layer
    if not isinstance(layer, ROW_BY_ROW) or len(call.inputs) != 1:
        return None
    (x,) = call.inputs
    if x.ndim < 2 or x.dtype.kind != "f":
        return None
    shapes = tuple((slot, gradient.shape) for slot, gradient in call.gradients.items())
    settings = tuple((name, value) for name, value in vars(layer).items() if isinstance(value, int | float | str))
    return call.inside, type(layer), x.shape, x.dtype.char, call.grad_output.shape, shapes, settings


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
    if not all(shaped(call, slots) for call in calls):
        return None
    rows = (np.concatenate([call.inputs[0] for call in calls]),) if n > 1 else first.inputs
    derivative = Derivative(replace(first, inputs=rows))
    grad_outputs = by_call([call.grad_output for call in calls])
    gradients = {slot: by_call([call.gradients[slot] for call in calls]) for slot in slots}
    floor = FLOOR * np.linalg.norm(grad_outputs, axis=1)
    sizes = {slot: np.maximum(np.linalg.norm(g, axis=1), floor) for slot, g in gradients.items()}
    steps = lengths(sizes)
    # Each its own: two gradients of one shape that were exchanged would come to the same sum otherwise.
    noises = {slot: noise(derivative.value(slot).shape, seed) for seed, slot in enumerate(slots)}
    directions, said = {}, np.zeros(n)
    for slot, random in noises.items():
        flat = random.reshape(n if is_input(slot) else 1, -1) * steps[slot][:, None]
        directions[slot] = flat.reshape(random.shape)
        said += np.einsum("ij,ij->i", *np.broadcast_arrays(gradients[slot], flat))
    output = derivative.stepped(directions)
    if output is None or output.size != grad_outputs.size:
        return None
    off = np.abs(said - np.einsum("ij,ij->i", grad_outputs, output.imag.reshape(n, -1)) / COMPLEX_STEP)
    return np.array([np.where(off == 0, 0.0, off / (steps[slot] * sizes[slot])) for slot in slots]).T


def lengths(sizes: Mapping[str, Array]) -> dict[str, Array]:
    """How far to go for each slot, so that all come to sums of about the same size: a small gradient's error would
    drown in a large one's rounding. Inputs have a length for each call; a parameter's is the same for all.
    """
    steps = {slot: 1 / (size.max(keepdims=True) or np.ones(1)) for slot, size in sizes.items()}
    levels = [steps[slot] * size for slot, size in sizes.items() if not is_input(slot)]
    level = sum(levels[1:], levels[0]) / len(levels) if levels else 1.0
    return {
        slot: np.where(size > 0, level / size, 1.0) if is_input(slot) else steps[slot] for slot, size in sizes.items()
    }


def shaped(call: Call, slots: Sequence[str]) -> bool:
    """Whether there is a gradient for each slot, in the shape of what it is for."""
    return all(slot in call.gradients and call.gradients[slot].shape == call.value(slot).shape for slot in slots)


def by_call(arrays: Sequence[Array]) -> Array:
    """Arrays of one shape as rows."""
    found: Array = np.array(arrays).reshape(len(arrays), -1)
    return found
