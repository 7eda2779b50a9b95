"""Gradient checks: a backward call against the numerical derivative of its own forward, in double precision."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtorch.debug.events import Call
from mtorch.layers.base import Array
from mtorch.naming import paths

TOLERANCE = 1e-6
DIRECTIONS = 6
COMPLEX_STEP = 1e-100
CENTRAL_STEP = 1e-6
CHUNK = 64
FLOOR = 1e-4
"""Errors are relative to the gradient, but to no less than this share of grad_output's norm: a true
gradient of zero has no size of its own."""


@dataclass(frozen=True)
class Check:
    """One tensor of one backward call, judged. `ok` is None where nothing could be measured: not checked."""

    iteration: int
    path: str
    t: int | None
    tensor: str
    relative_error: float | None
    tolerance: float
    method: str
    ok: bool | None
    event: int


class Derivative:
    """The vector-Jacobian products of a layer at one forward call's input, by numbers.

    Complex step (Squire and Trapp 1998): Im f(x + ih d) / h, exact to rounding as nothing is
    subtracted; used where the layer carries complex numbers through and central differences agree.
    Otherwise central differences; where the slopes on the two sides differ, there is a kink, and
    the result is NaN: not measured rather than measured wrongly.
    """

    def __init__(self, call: Call) -> None:
        self.layer = copy.deepcopy(call.layer)
        self.within = [(layer, layer.buffers) for _, layer in paths(self.layer)]
        for layer, _ in self.within:
            layer.parameters = {name: p.astype(np.float64) for name, p in layer.parameters.items()}
        self.inputs = list(call.inputs)

    def slots(self) -> list[str]:
        numeric = [str(i) for i, x in enumerate(self.inputs) if x.dtype.kind == "f"]
        return [*numeric, *self.layer.parameters]

    def value(self, slot: str) -> Array:
        return self.inputs[int(slot)] if slot.isdigit() else self.layer.parameters[slot]

    def output(self, slot: str, value: Array) -> Array:
        """The layer's output with one of its inputs or parameters replaced."""
        inputs, kept = list(self.inputs), self.layer.parameters
        if slot.isdigit():
            inputs[int(slot)] = value
        else:
            self.layer.parameters = {**kept, slot: value}
        for layer, buffers in self.within:
            layer.buffers = dict(buffers)  # a forward may change them, and each is to start from the same
        try:
            result: Array = self.layer.forward(inputs[0] if len(inputs) == 1 else tuple(inputs))
        finally:
            self.layer.parameters = kept
            for layer, _ in self.within:
                layer.saved = []
        return result

    def along(self, slot: str, directions: list[Array], grad_output: Array) -> tuple[Array, str]:
        """d sum(grad_output * f) along each direction, and the method."""
        by_complex = self._complex(slot, directions[:1], grad_output)
        by_central = self._central(slot, directions[:1], grad_output)
        agree = by_complex is not None and (
            np.isnan(by_central[0]) or abs(by_complex[0] - by_central[0]) <= 1e-3 * (abs(by_central[0]) + 1e-6)
        )
        if agree:
            rest = self._complex(slot, directions[1:], grad_output)
            if rest is not None and by_complex is not None:
                return np.concatenate((by_complex, rest)), "complex-step"
        return np.concatenate((by_central, self._central(slot, directions[1:], grad_output))), "central-difference"

    def _complex(self, slot: str, directions: list[Array], grad_output: Array) -> Array | None:
        found = []
        for direction in directions:
            output = self._complex_output(slot, direction)
            if output is None:
                return None
            found.append((grad_output * output.imag).sum() / COMPLEX_STEP)
        return np.array(found)

    def _complex_output(self, slot: str, direction: Array) -> Array | None:
        """The output for a complex step in that direction, None where the layer cannot take one."""
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            try:
                output = self.output(slot, self.value(slot) + 1j * COMPLEX_STEP * direction)
            except Exception:  # a layer that cannot take complex numbers may raise anything
                return None
        return output if output.dtype.kind == "c" else None

    def _central(self, slot: str, directions: list[Array], grad_output: Array) -> Array:
        value, found = self.value(slot), []
        for direction in directions:
            h = CENTRAL_STEP * max(1.0, float(np.abs(value).max(initial=0.0)))
            low, mid, high = ((grad_output * self.output(slot, value + s * h * direction)).sum() for s in (-1, 0, 1))
            left, right = (mid - low) / h, (high - mid) / h
            kink = abs(right - left) > 1e-3 * max(abs(left), abs(right), 1e-3)
            found.append(np.nan if kink else (left + right) / 2)
        return np.array(found)

    def gradient(self, slot: str, grad_output: Array) -> Array:
        """The whole gradient: all samples at once where they do not mix, else element by element."""
        for axis in self._sample_axes(slot, grad_output):
            if (found := self._by_sample(slot, axis, grad_output)) is not None:
                return found
        return self.elements(slot, grad_output)[0]

    def evaluations(self, slot: str, grad_output: Array) -> int:
        """How many forward calls the whole gradient takes, about."""
        value, axes = self.value(slot), self._sample_axes(slot, grad_output)
        return value.size // value.shape[axes[0]] if axes else value.size

    def _sample_axes(self, slot: str, grad_output: Array) -> list[int]:
        """Which axes may be a batch, by the shapes: of sequences the last but one first, else the first."""
        shape = self.value(slot).shape
        if not slot.isdigit() or min(len(shape), grad_output.ndim) < 2:
            return []
        axes = dict.fromkeys((1, 0) if len(shape) == 3 else (0, len(shape) - 2))
        return [axis for axis in axes if axis < grad_output.ndim and shape[axis] == grad_output.shape[axis] > 0]

    def _by_sample(self, slot: str, axis: int, grad_output: Array) -> Array | None:
        """The gradient from moving an element of every sample at once; None where a random direction disagrees."""
        value = self.value(slot)
        directions = directions_for(value)[:2]
        true, method = self.along(slot, directions, grad_output)
        if method != "complex-step":
            return None
        found = np.empty(value.shape)
        others = tuple(a for a in range(grad_output.ndim) if a != axis)
        for index in np.ndindex(*value.shape[:axis], *value.shape[axis + 1 :]):
            place = (*index[:axis], slice(None), *index[axis:])
            direction = np.zeros(value.shape)
            direction[place] = 1.0
            output = self._complex_output(slot, direction)
            if output is None:
                return None
            found[place] = (grad_output * output.imag).sum(axis=others) / COMPLEX_STEP
        slopes = np.array([(found * direction).sum() for direction in directions])
        return found if relative_error(slopes, true, grad_output) < 1e-9 else None

    def elements(self, slot: str, grad_output: Array) -> tuple[Array, str]:
        """The whole gradient, element by element, and the methods that measured it."""
        value = self.value(slot)
        parts = [
            self.along(slot, [unit(i, value.shape) for i in range(start, min(start + CHUNK, value.size))], grad_output)
            for start in range(0, value.size, CHUNK)
        ]
        methods = " and ".join(sorted({method for _, method in parts}))
        whole = np.concatenate([slopes for slopes, _ in parts]) if parts else np.zeros(0)
        return whole.reshape(value.shape), methods


def unit(element: int, shape: tuple[int, ...]) -> Array:
    """Zeros with a one at an element's number."""
    direction = np.zeros(shape)
    direction.flat[element] = 1.0
    return direction


def directions_for(value: Array) -> list[Array]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(value.shape) for _ in range(DIRECTIONS)]


def relative_error(analytic: Array, numerical: Array, grad_output: Array) -> float:
    """Distance over size, from values along random directions, whose root mean square is a norm."""
    size = max(rms(analytic), rms(numerical), FLOOR * float(np.linalg.norm(grad_output)))
    return 0.0 if size == 0 else rms(analytic - numerical) / size


def worst_element(analytic: Array, numerical: Array, grad_output: Array) -> float:
    """The largest difference of two elements over the size of the whole, from gradients element by element."""
    norms = (float(np.linalg.norm(gradient)) for gradient in (analytic, numerical))
    size = max(*norms, FLOOR * float(np.linalg.norm(grad_output)))
    return 0.0 if size == 0 else float(np.abs(analytic - numerical).max(initial=0.0)) / size


def rms(values: Any) -> float:
    """Root mean square; 0 of nothing."""
    return float(np.sqrt(np.mean(np.square(values)))) if np.size(values) else 0.0
