"""Derivatives by numbers: the vector-Jacobian products of one call of a layer, in double precision."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from mtorch.debug.events import Call, as_arguments
from mtorch.debug.naming import is_input, position
from mtorch.debug.twins import own, sharing, twin
from mtorch.layers.base import Array
from mtorch.naming import paths

COMPLEX_STEP = 1e-100
CENTRAL_STEPS = (6e-6, 5e-3)
"""Shares of the largest number that is moved: the cube roots of double and single precision's rounding."""
TINY = 1e-9
"""Another share, so small that single precision does not notice it and double precision does."""
NOISE = 10.0
"""How many times a sum's rounding may be worse than that of its largest numbers."""
SURE = 1e-3
"""A central difference whose uncertainty is below this share of the gradient's size is a measurement."""
FLOOR = 1e-4
"""A share of grad_output's norm."""
COMPLEX, CENTRAL = "complex-step", "central-difference"
Pairs = tuple[tuple[int, int], ...]
"""Axes that go together: one of what is differentiated for, one of the output."""
_warnings = threading.RLock()


class Unmeasured(Exception):
    """A derivative that can't be had: it takes more forward calls than allowed, or lies at a kink."""


class Budget:
    """Forward calls that may still be made."""

    def __init__(self, calls: float = np.inf) -> None:
        self.calls = calls

    def spend(self) -> None:
        """One call. Raises Unmeasured where there is none left."""
        self.calls -= 1
        if self.calls < 0:
            raise Unmeasured


class Asking(Budget):
    """One that is spent as soon as `going` says no, which is asked before each call."""

    def __init__(self, going: Callable[[], bool]) -> None:
        super().__init__()
        self.going = going

    def spend(self) -> None:
        if not self.going():
            raise Unmeasured


class Slopes(NamedTuple):
    """d sum(grad_output * f) along some directions, by how much each may be off, and how they were measured.

    `floor` is the size that a gradient counts as having at the least.
    """

    values: Array
    uncertain: Array
    method: str
    floor: float

    @property
    def sure(self) -> Array:
        """Which of them are measurements; the others lie at a kink, drown in rounding, or are not finite."""
        finite = np.isfinite(self.values) & np.isfinite(self.uncertain)
        size = max(self.floor, float(np.abs(self.values[finite]).max(initial=0.0)))
        found: Array = finite & ((self.uncertain <= SURE * size) | (self.uncertain == 0))
        return found


class Derivative:
    """A layer's vector-Jacobian products at the inputs of one forward call.

    Complex step (Squire and Trapp 1998): Im f(x + ih d) / h, exact to rounding as nothing is subtracted;
    trusted where central differences confirm it. Otherwise central differences of fourth order, which know
    how far off they may be: by what two step sizes differ in, by rounding, and by how much the slope jumps (a
    kink). Every call of the layer is one of a fresh copy, so that what it keeps or changes makes no difference.
    """

    def __init__(self, call: Call, budget: Budget | None = None) -> None:
        self.layer, self._own = call.layer, own(call.layer)
        self.parameters = {name: p.astype(np.float64, copy=False) for name, p in call.layer.parameters.items()}
        # Of a layer that need not be handed all, those that a copy has already as they are to be.
        partly = getattr(call.layer, "parameters_one_by_one", False)
        self._there = {n for n, p in call.layer.parameters.items() if partly and p.dtype == np.float64}
        self.inputs, self.spread, self._shape = list(call.inputs), call.spread, call.grad_output.shape
        self.budget = budget or Budget()
        self._still: dict[str, Array] = {}
        self._epsilons: dict[str, float] = {}
        self._trusted: dict[str, bool] = {}

    def slots(self) -> list[str]:
        """What there is to differentiate for: inputs of floats, and the layer's own parameters."""
        numeric = [f"#{i}" for i, x in enumerate(self.inputs) if x.dtype.kind == "f"]
        return [*numeric, *self.parameters]

    def value(self, slot: str) -> Array:
        found: Array = self.inputs[position(slot)] if is_input(slot) else self.parameters[slot]
        return found

    def output(self, replaced: Mapping[str, Array] = MappingProxyType({})) -> Array:
        """The layer's output, with some of its inputs and parameters replaced; NaN where a stranger's refuses them."""
        self.budget.spend()
        layer, copied = (sharing(self.layer), np.asarray) if self._own else (twin(self.layer), np.array)
        inputs = [copied(replaced.get(f"#{i}", x)) for i, x in enumerate(self.inputs)]
        try:
            layer.parameters = {
                name: copied(replaced.get(name, p))
                for name, p in self.parameters.items()
                if name in replaced or name not in self._there
            }
            return np.asarray(layer.forward(*as_arguments(inputs, self.spread)))
        except Unmeasured:
            raise
        except Exception:
            if self._own:
                raise
            return np.full(self._shape, np.nan)

    def repeatable(self) -> bool:
        """Whether two calls at the same point give the same: without that nothing can be measured."""
        return np.array_equal(self.output(), self.output(), equal_nan=True)

    def along(self, slot: str, directions: list[Array], grad_output: Array) -> Slopes:
        """The slopes along directions."""
        if self._trusts(slot, grad_output):
            found = [self._complex(slot, direction, grad_output) for direction in directions]
            return Slopes(np.array(found), np.zeros(len(found)), COMPLEX, floor(grad_output))
        pairs = [self.central(slot, direction, grad_output) for direction in directions]
        values, uncertain = np.array(pairs).reshape(-1, 2).T
        return Slopes(values, uncertain, CENTRAL, floor(grad_output))

    def by_complex_step(self, slot: str, directions: list[Array], grad_output: Array) -> Array:
        """The slopes by the complex step, whether or not differences confirm them; NaN where it can't be taken."""
        return np.array([self._complex(slot, direction, grad_output) for direction in directions])

    def elements(self, slot: str, grad_output: Array) -> Slopes:
        """The whole gradient, in the shape of what is differentiated for, element by element."""
        shape = self.value(slot).shape
        found = self.along(slot, [unit(i, shape) for i in range(self.value(slot).size)], grad_output)
        return found._replace(values=found.values.reshape(shape), uncertain=found.uncertain.reshape(shape))

    def gradient(self, slot: str, grad_output: Array) -> Array:
        """The whole gradient, NaN where unsure."""
        whole = self.whole(slot, grad_output)
        return np.where(whole.sure, whole.values, np.nan)

    def whole(self, slot: str, grad_output: Array) -> Slopes:
        """The whole gradient: many elements at once where they do not mix in the output, else element by element."""
        if self._trusts(slot, grad_output):
            for pairs in self._unmixed(slot, grad_output):
                if (found := self._at_once(slot, pairs, grad_output)) is not None:
                    return Slopes(found, np.zeros(found.shape), COMPLEX, floor(grad_output))
        return self.elements(slot, grad_output)

    def outputs(self, slot: str, direction: Array) -> Array | None:
        """How each output moves in that direction, in the output's shape; None where that can't be measured."""
        output = self.output()
        if self._trusts(slot, np.ones(output.shape)):
            stepped = self.stepped({slot: direction})
            return None if stepped is None else stepped.imag / COMPLEX_STEP
        h = CENTRAL_STEPS[0] * max(1.0, float(np.abs(self.value(slot)).max(initial=0.0)))
        low, high = (self.output({slot: self.value(slot) + k * h * direction}) for k in (-1, 1))
        found: Array = (high - low) / (2 * h)
        return found

    def _trusts(self, slot: str, grad_output: Array) -> bool:
        """Whether the complex step can be believed: two random directions confirm it, and none contradicts."""
        if slot not in self._trusted:  # it is of the layer's code and the point, hardly of grad_output
            self._trusted[slot] = self._confirmed(slot, grad_output)
        return self._trusted[slot]

    def _confirmed(self, slot: str, grad_output: Array) -> bool:
        directions = directions_for(self.value(slot))
        by_complex = [self._complex(slot, direction, grad_output) for direction in directions[:4]]
        if not np.isfinite(by_complex).all():
            return False
        size, confirmed = max(floor(grad_output), rms(by_complex)), 0
        for exact, direction in zip(by_complex, directions, strict=False):
            slope, uncertain = self.central(slot, direction, grad_output)
            if not np.isfinite(slope) or uncertain > SURE * size:
                continue
            if abs(slope - exact) > NOISE * uncertain + 1e-9 * size:
                return False
            confirmed += 1
            if confirmed == 2:
                return True
        # At a kink nothing confirms; mtorch's own forwards branch on real parts, and so take the backward's side.
        return ours(self.layer)

    def _complex(self, slot: str, direction: Array, grad_output: Array) -> float:
        """The slope by the complex step, NaN where the layer cannot take one."""
        output = self.stepped({slot: direction})
        return np.nan if output is None else float((grad_output * output.imag).sum() / COMPLEX_STEP)

    def stepped(self, directions: Mapping[str, Array]) -> Array | None:
        """The output for a complex step in all these directions, None where the layer cannot take one."""
        there = {slot: self._stepping(slot, direction) for slot, direction in directions.items()}
        try:
            if self._own:
                output = self.output(there)
            else:
                with _warnings, warnings.catch_warnings():
                    warnings.simplefilter("error", np.exceptions.ComplexWarning)
                    output = self.output(there)
        except Unmeasured:
            raise
        except Exception:  # a layer that cannot take complex numbers may raise anything
            return None
        return output if output.dtype.kind == "c" else None

    def _stepping(self, slot: str, direction: Array) -> Array:
        found = np.empty(direction.shape, np.complex128)
        found.real = self.value(slot)
        np.multiply(direction, COMPLEX_STEP, out=found.imag)
        return found

    def central(self, slot: str, direction: Array, grad_output: Array) -> tuple[float, float]:
        """The slope by central differences, and by how much it may be off; the better of two step sizes."""
        best = self._differences(slot, direction, grad_output, CENTRAL_STEPS[0])
        if not best[1] <= SURE * abs(best[0]):
            wide = self._differences(slot, direction, grad_output, CENTRAL_STEPS[1])
            best = wide if wide[1] < best[1] or np.isnan(best[1]) else best
        return best

    def _differences(self, slot: str, direction: Array, grad_output: Array, share: float) -> tuple[float, float]:
        value = self.value(slot)
        h = share * max(1.0, float(np.abs(value).max(initial=0.0)))
        low2, low, high, high2 = (self.output({slot: value + k * h * direction}) for k in (-2, -1, 1, 2))
        if slot not in self._still:  # the same for every direction
            self._still[slot] = self.output({slot: value + np.zeros(value.shape)})
        mid = self._still[slot]
        near, far = (high - low) / (2 * h), (high2 - low2) / (4 * h)
        # A smooth function's second difference grows by 4 with twice the step; a jump of the slope adds h times it.
        jumps = np.abs((high2 - 2 * mid + low2) - 4 * (high - 2 * mid + low)) / (2 * h)
        # Output by output, as what has both signs would cancel in a sum. Two steps may agree by chance: h**2 is
        # what they'd differ by where the third derivative is as large as the first.
        off = float((np.abs(grad_output) * (jumps + np.abs(near - far) + h**2 * np.abs(near))).sum())
        rounding = NOISE * self._epsilon(slot) * float(np.linalg.norm(grad_output * mid)) / h
        return float((grad_output * (4 * near - far)).sum()) / 3, off + rounding

    def _epsilon(self, slot: str) -> float:
        """The rounding that the layer computes with: what moves by less stands still, or jumps."""
        if slot not in self._epsilons:
            value = self.value(slot)
            scale = max(1.0, float(np.abs(value).max(initial=0.0)))
            direction, outputs = scale * directions_for(value)[0], []
            for share in (0.0, TINY, 1e-4, -1e-4):
                outputs.append(self.output({slot: value + share * direction}))
            mid, tiny, high, low = outputs
            expected = np.abs(high - low) / 2e-4 * TINY
            moved = np.abs(tiny - mid)
            told = expected > 1e3 * np.finfo(np.float64).eps * np.abs(mid)
            amiss = told & ((moved < expected / 3) | (moved > expected * 3))
            single = mid.dtype.itemsize < 8 or amiss.sum() > told.sum() / 5
            self._epsilons[slot] = float(np.finfo(np.float32 if single else np.float64).eps)
        return self._epsilons[slot]

    def _unmixed(self, slot: str, grad_output: Array) -> list[Pairs]:
        """Axes of what is differentiated for that may go with axes of the output: an element there moves only what has
        the same place here. Most first: every axis, all but the last, one for samples; of a parameter, one for units.
        """
        shape, out = self.value(slot).shape, grad_output.shape
        n, m = len(shape), len(out)
        if is_input(slot):
            likely: list[Pairs] = [tuple((a, a) for a in range(n)), tuple((a, a) for a in range(n - 1))]
            samples = [((n - 2, m - 2),), ((0, 0),)]
            likely += samples if n < 4 else samples[::-1]
        else:
            likely = [((n - 1, m - 1),), ((0, 1),), ((0, m - 1),)]
        return [
            pairs
            for pairs in dict.fromkeys(likely)
            if pairs and all(0 <= a < n and 0 <= b < m and shape[a] == out[b] > 0 for a, b in pairs)
        ]

    def _at_once(self, slot: str, pairs: Pairs, grad_output: Array) -> Array | None:
        """The gradient from moving all elements along some axes at once; None where random directions disagree."""
        value = self.value(slot)
        ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
        others = tuple(b for b in range(grad_output.ndim) if b not in theirs)
        # Summed over the other axes, the output's are in their own order: brought into that of the value's.
        order = np.argsort(np.argsort([theirs[k] for k in np.argsort(ours)]))
        found = np.empty(value.shape)
        place: list[Any] = [slice(None)] * value.ndim
        free = [a for a in range(value.ndim) if a not in ours]
        direction = np.zeros(value.shape)
        for index in np.ndindex(*(value.shape[a] for a in free)):
            for a, n in zip(free, index, strict=True):
                place[a] = n
            direction[tuple(place)] = 1.0
            output = self.stepped({slot: direction})
            direction[tuple(place)] = 0.0
            if output is None:
                return None
            found[tuple(place)] = (grad_output * output.imag).sum(axis=others).transpose(order) / COMPLEX_STEP
        directions = directions_for(value)[:2]
        true = self.along(slot, directions, grad_output).values
        slopes = np.array([(found * direction).sum() for direction in directions])
        return found if rms(slopes - true) <= 1e-9 * max(rms(true), floor(grad_output)) else None


def floor(grad_output: Array) -> float:
    """The least size that a gradient counts as having: a true gradient of zero has no size of its own."""
    return FLOOR * float(np.linalg.norm(grad_output))


def ours(layer: Any) -> bool:
    """Whether all forwards are mtorch's own code, which carries complex numbers through; backwards may be others'."""
    parts = [type(inner).forward for _, inner in paths(layer)]
    loss = [type(inner.loss) for _, inner in paths(layer) if hasattr(inner, "loss")]
    modules = [part.__module__ for part in (*parts, *loss)]
    return all(m.startswith("mtorch.") and not m.startswith("mtorch.debug.strangers.") for m in modules)


def unit(element: int, shape: tuple[int, ...]) -> Array:
    """Zeros with a one at an element's number."""
    direction = np.zeros(shape)
    direction.flat[element] = 1.0
    return direction


DIRECTIONS = 6


@lru_cache(256)
def noise(shape: tuple[int, ...], seed: int) -> Array:
    """Standard normal numbers, the same for a shape and a seed."""
    found = np.random.default_rng(seed).standard_normal(shape)
    found.flags.writeable = False
    return found


def directions_for(value: Array) -> list[Array]:
    """Random directions, the same for every value of a shape."""
    return list(_directions(value.shape))


@lru_cache(64)
def _directions(shape: tuple[int, ...]) -> tuple[Array, ...]:
    rng = np.random.default_rng(0)
    found = tuple(rng.standard_normal(shape) for _ in range(DIRECTIONS))
    for direction in found:
        direction.flags.writeable = False
    return found


def rms(values: Any) -> float:
    """Root mean square; 0 of nothing."""
    return math.sqrt(np.square(values).sum() / np.size(values)) if np.size(values) else 0.0
