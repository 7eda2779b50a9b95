"""Norms: how large each parameter, its gradient and its step are, iteration by iteration, as cheaply as can be."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mtorch.layers.base import Array
from mtorch.naming import paths
from mtorch.training import Training

NAMES = ("grad_norm", "weight_norm", "update_ratio")

ROWS = 32
"""Iterations whose small parameters are summed together: few enough to stay in the processor's cache."""

SMALL = 1024
"""Elements. Below it a call costs more than its arithmetic: such parameters are laid end to end, and summed later."""


class Parameter(NamedTuple):
    """One that is watched, by the layer that holds it."""

    path: str
    layer: Any
    name: str

    @property
    def array(self) -> Array:
        return self.layer.parameters[self.name]  # type: ignore[no-any-return]


class Norms:
    """Listens to an optimiser's steps: of each parameter the norm of its gradient, its own norm after the step, and
    the norm of the step as a share of that. NaN where a parameter has no gradient.

    Squares of large parameters are summed in their precision: in float32 a norm above 1e19 reads as inf, one below
    1e-22 as 0.
    """

    def __init__(self, training: Training) -> None:
        self.all = [
            Parameter(f"{path}.{name}" if path else name, layer, name)
            for path, layer in paths(training.model.sequential)
            for name in layer.parameters
        ]
        self.large = [p for p in self.all if p.array.size > SMALL]
        self.small = [p for p in self.all if 0 < p.array.size <= SMALL]
        lengths = [p.array.size for p in self.small]
        self._starts = np.cumsum([0, *lengths])[:-1]
        self._absent = [np.full(length, np.nan) for length in lengths]
        self._steps = [np.empty_like(p.array) for p in self.large]
        self._in_place: bool | None = None
        self._first = [p.array for p in self.all]
        self._entered: tuple[list[Array], list[tuple[Any, Array]]] | None = None
        self._stepped: tuple[list[Array], list[Any]] | None = None
        self._squares: list[list[Any]] = []
        self._gradients: list[Array] = []
        self._weights: list[Array] = [p.array.copy() for p in self.small]
        self._numbers: list[Array] = []

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        copied, small, large = self._in_place is not False, [], []
        for (_, layer, name), absent in zip(self.small, self._absent, strict=True):
            gradient = layer.gradients.get(name)
            small.append(absent if gradient is None else gradient.copy())
        for _, layer, name in self.large:
            array = layer.parameters[name]
            large.append((layer.gradients.get(name), array.copy() if copied else array))
        self._entered = small, large

    def leave(self, target: Any, method: str, result: Any) -> None:
        if self._entered is None:
            return
        if self._in_place is None:
            # What was before a step must be copied where an optimiser of the user's works in place.
            self._in_place = any(p.array is array for p, array in zip(self.all, self._first, strict=True))
        vdot, squares = np.vdot, []
        for (_, layer, name), (gradient, old), step in zip(self.large, self._entered[1], self._steps, strict=True):
            new = layer.parameters[name]
            np.subtract(new, old, out=step)
            own = math.nan if gradient is None else vdot(gradient, gradient)
            squares.append((own, vdot(new, new), vdot(step, step)))
        # Held any longer, the old arrays' memory could not be used again at once, and the run would slow down.
        self._stepped, self._entered = (self._entered[0], squares), None

    def ended(self) -> None:
        """An iteration is over: its last step counts; one without a step has no gradient, and moved nothing."""
        gradients, squares = self._stepped or (
            self._absent,
            [(math.nan, np.vdot(p.array, p.array), 0) for p in self.large],
        )
        self._stepped = self._entered = None
        self._gradients += gradients
        self._squares.append(squares)
        for _, layer, name in self.small:
            array = layer.parameters[name]
            self._weights.append(array if self._in_place is False else array.copy())
        if len(self._squares) == ROWS:
            self._sum()

    def _sum(self) -> None:
        """The norms of the steps since it was last done."""
        count, width = len(self._squares), len(self.small)
        weights = self._laid(self._weights)
        with np.errstate(all="ignore"):
            parts = (self._laid(self._gradients), weights[1:], np.diff(weights, axis=0))
            small = np.stack([self._summed(part) for part in parts], axis=2)
            large = np.array(self._squares, np.float64).reshape(count, len(self.large), 3)
            roots = np.sqrt(np.concatenate((large, small), axis=1))
            roots[:, :, 2] /= roots[:, :, 1]
            self._numbers.append(roots.astype(np.float32))
        self._squares, self._gradients = [], []
        self._weights = self._weights[count * width :]

    def _laid(self, arrays: list[Array]) -> Array:
        """The small parameters' numbers end to end, a row for each time: (times, numbers)."""
        if not self.small:
            return np.zeros((len(self._squares) + (arrays is self._weights), 0))
        return np.concatenate([array.ravel() for array in arrays]).reshape(len(arrays) // len(self.small), -1)

    def _summed(self, part: Array) -> Array:
        """The sums of squares of what is laid end to end: (times, parameters)."""
        if not self.small:
            return np.zeros((len(part), 0))
        return np.add.reduceat(np.square(part, dtype=np.float64), self._starts, axis=1)

    def taken(self, count: int) -> list[tuple[str, Array]]:
        """The numbers of the so many iterations since they were last taken, by name, as float32."""
        if self._squares:
            self._sum()
        numbers, self._numbers = np.concatenate(self._numbers)[:count], []
        named = list(enumerate([*self.large, *self.small]))
        return [(f"{p.path}.{name}", numbers[:, n, k]) for n, p in named for k, name in enumerate(NAMES)]
