"""A generic point: zeros and first calls hide faults, so a call is made again where nothing is special."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from mtorch.debug.derivatives import noise, rms
from mtorch.debug.diagnosis.hypotheses.case import near
from mtorch.debug.events import Address, Call, as_arguments
from mtorch.debug.glance import NEAR, errors
from mtorch.debug.gradcheck import GENERIC, Judged, check_call
from mtorch.debug.naming import input_gradients, is_input, position
from mtorch.debug.strangers.places import Place, arrays_in
from mtorch.debug.tracer import kept, zero_gradients
from mtorch.debug.twins import own, spare
from mtorch.layers import Sequential
from mtorch.layers.base import Array
from mtorch.naming import paths

JITTER = 0.5
"""Noise in shares of a tensor's root mean square; of what is zero everywhere, as if that were 1."""
SEEDS = 100
"""Noise begins with this seed: lesser ones are those of directions, which must have nothing to do with it."""


def check_generic(address: Address, event: int, call: Call, larger: bool = True) -> Judged:
    """The checks of the same layer at a generic point that fail there; its earlier call there was the recorded one.

    Only of layers that stand on their own: a copy must give the gradients that were recorded, which it doesn't
    where others have a hand in the call. Not of a Sequential all of whose layers are mtorch's: it computes nothing
    itself. Nothing is said where the layer raises there or is not finite.
    """
    if type(call.layer) is Sequential and own(call.layer):
        return []
    try:
        found = moved(call, larger)
        if found is None or surely_right(found):
            return []
        results = check_call(replace(address, t=None), event, found)
    except Exception:  # a stranger's layer may refuse such numbers in any way it likes
        return []
    return [(replace(c, method=f"{c.method}, {GENERIC}"), evidence) for c, evidence in results if c.ok is False]


def surely_right(call: Call) -> bool:
    """Whether all gradients agree with a complex step in all tensors at once: cheap, and seldom by mistake."""
    off = errors([call])
    return off is not None and bool((off <= NEAR).all())


def moved(call: Call, larger: bool = True) -> Call | None:
    """The call made a second time, by a copy of the layer, with noise on its inputs and on all parameters.

    A batch of one, or less than four time steps, are made more if `larger`, where the layer goes along: not where
    it holds, or was handed, something else that is of that size.
    """
    layer = spare(call.layer)
    _, first = answered(layer, call.inputs, call.grad_output, call)
    if not all(agree(first.get(slot), gradient) for slot, gradient in call.gradients.items()):
        return None
    seeds = count(SEEDS)
    for _, inner in paths(layer):
        inner.parameters = {name: jittered(p, next(seeds)) for name, p in inner.parameters.items()}
    more = tuple(enlarged(x) if larger else x for x in call.inputs)
    if any(a is not b for a, b in zip(more, call.inputs, strict=True)):
        with contextlib.suppress(Exception):  # a layer may know of one batch size only
            if found := made_again(spare(layer), more, call, seeds):
                return found
    return made_again(layer, call.inputs, call, seeds)


def made_again(layer: Any, inputs: tuple[Array, ...], call: Call, seeds: Iterator[int]) -> Call | None:
    """The call by a layer whose parameters are moved, with noise on inputs.

    None where something isn't finite, or the layer doesn't go along with inputs that are larger than the call's.
    """
    moved = tuple(jittered(x, next(seeds)) for x in inputs)
    if call.spread:
        moved = tuple(within(x, y) for x, y in zip(inputs, moved, strict=True))
    inputs = moved
    more = [x for x, y in zip(call.inputs, inputs, strict=True) if x.shape != y.shape]
    before, held = spare(layer), arrays_of(layer) if more else {}
    alike = all(x.shape == y.shape for x, y in zip(inputs, call.inputs, strict=True))  # and where there are none
    grad_output = noise(call.grad_output.shape, next(seeds)) if alike else None
    output, gradients = answered(layer, inputs, grad_output, call)
    if not all(np.isfinite(a).all() for a in (output, *gradients.values())):
        return None
    if more:
        own = before.parameters
        shapes = {slot: inputs[position(slot)].shape if is_input(slot) else own[slot].shape for slot in gradients}
        shaped = all(gradient.shape == shapes[slot] for slot, gradient in gradients.items())
        if not shaped or tied(held, arrays_of(layer), more):
            return None
        if np.array_equal(output, forwarded(spare(before), others(call.inputs, inputs), call)):
            return None  # what was added is not looked at
    grad_output = noise(output.shape, SEEDS) if grad_output is None else grad_output
    return replace(call, layer=before, inputs=inputs, grad_output=grad_output, gradients=gradients)


def enlarged(x: Array) -> Array:
    """With two samples for one, and four time steps for less, by the layouts (batch, …) and (seq, batch, features)."""
    least = {2: (2,), 3: (4, 2), 4: (2,)}.get(x.ndim, ())
    for axis, wanted in enumerate(least):
        if 0 < x.shape[axis] < wanted:
            x = np.take(x, np.arange(wanted) % x.shape[axis], axis=axis)
    return x


def answered(
    layer: Any, inputs: tuple[Array, ...], grad_output: Array | None, call: Call
) -> tuple[Array, dict[str, Array]]:
    """What a layer's forward gives, and its backward's gradients by slot; without a grad_output, for noise."""
    zero_gradients(layer)
    output = forwarded(layer, inputs, call)
    result = layer.backward(noise(output.shape, SEEDS).copy() if grad_output is None else np.array(grad_output))
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    return output, {**kept(layer.gradients), **own}


def forwarded(layer: Any, inputs: tuple[Array, ...], call: Call) -> Array:
    """What a layer's forward gives for inputs, of which it gets copies."""
    return np.array(layer.forward(*as_arguments([np.array(x) for x in inputs], call.spread)))


def arrays_of(layer: Any) -> dict[Place, Array]:
    """The arrays that a layer has besides parameters, gradients and buffers: arguments, and what it left itself."""
    own = {id(a) for _, inner in paths(layer) for a in (*inner.parameters.values(), *inner.buffers.values())}
    own |= {id(a) for _, inner in paths(layer) for a in inner.gradients.values()}
    others = [vars(layer).get(name) for name in ("inner", "outside", "stands", "chance")]  # a stranger's
    found = arrays_in(layer, beyond=lambda value: any(value is other for other in others))
    return {place: array for place, array in found.items() if id(array) not in own}


def tied(before: dict[Place, Array], after: dict[Place, Array], inputs: list[Array]) -> bool:
    """Whether a layer kept, through a call, an array of as many samples or numbers as an input: its targets, say."""
    stayed = [array for place, array in before.items() if after.get(place) is array and array.ndim]
    return any(a.shape[0] == x.shape[0] or a.size == x.size for a in stayed for x in inputs)


def others(inputs: tuple[Array, ...], enlarged: tuple[Array, ...]) -> tuple[Array, ...]:
    """The enlarged inputs with other numbers in what they have more than the inputs."""
    found = []
    for x, y in zip(inputs, enlarged, strict=True):
        new = np.ones(y.shape)
        new[tuple(map(slice, x.shape))] = 0.0
        found.append(y if x.shape == y.shape or y.dtype.kind != "f" else y + JITTER * new * noise(y.shape, SEEDS))
    return tuple(found)


def agree(a: Array | None, b: Array) -> bool:
    return a is not None and a.shape == b.shape and (np.array_equal(a, b) or near(a, b))


def within(value: Array, other: Array) -> Array:
    """The other, but within (0, 1) where the value is: a stranger's loss of probabilities may clip what is outside."""
    if value.dtype.kind != "f" or not value.size or value.min() < 0 or value.max() > 1:
        return other
    found: Array = 0.1 + 0.8 * (np.abs(other) % 1.0)
    return found


def jittered(value: Array, seed: int) -> Array:
    """With noise of the value's own scale; whole numbers as they are."""
    if value.dtype.kind != "f":
        return value
    return value + JITTER * (rms(value) or 1.0) * noise(value.shape, seed)
