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


class Norms:
    """Listens to an optimiser's steps: of each parameter the norm of its gradient, its own
    norm after the step, and the norm of the step as a share of that. NaN where a parameter has no gradient.

    Squares are summed in the parameter's precision: in float32 a norm above 1e19 reads as inf, one below 1e-22 as 0.
    """

    def __init__(self, training: Training) -> None:
        found = [
            Parameter(f"{path}.{name}" if path else name, layer, name)
            for path, layer in paths(training.model.sequential)
            for name in layer.parameters
        ]
        sizes = [p.layer.parameters[p.name].size for p in found]
        self.large = [p for p, size in zip(found, sizes, strict=True) if size > SMALL]
        self.small = [p for p, size in zip(found, sizes, strict=True) if 0 < size <= SMALL]
        lengths = [size for size in sizes if 0 < size <= SMALL]
        self._starts = np.cumsum([0, *lengths])[:-1]
        self._absent = [np.full(size, np.nan) for size in lengths]
        self._row = 0
        self._squares = np.zeros((ROWS, len(self.large), 3))
        self._gradients = np.zeros((ROWS, sum(lengths)), training.dtype)
        self._weights = np.zeros((ROWS + 1, sum(lengths)), training.dtype)
        self._lay(self._weights[0])
        self._numbers: list[Array] = []
        self._before: list[tuple[Any, Array, Array]] = []
        self._in_place = True

    def _lay(self, row: Array) -> None:
        if self.small:
            np.concatenate([layer.parameters[name].ravel() for _, layer, name in self.small], out=row)

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self.small:
            found = [layer.gradients.get(name) for _, layer, name in self.small]
            flat = [a if g is None else g.ravel() for g, a in zip(found, self._absent, strict=True)]
            np.concatenate(flat, out=self._gradients[self._row])
        # An optimiser of the user's may work in place: until the first step has shown that it doesn't, and
        # where it does, what was before must be copied.
        for _, layer, name in self.large:
            array = layer.parameters[name]
            self._before.append((layer.gradients.get(name), array, array.copy() if self._in_place else array))

    def leave(self, target: Any, method: str, result: Any) -> None:
        vdot, squares, in_place = np.vdot, [], False
        for (_, layer, name), (gradient, same, old) in zip(self.large, self._before, strict=True):
            new = layer.parameters[name]
            in_place = in_place or new is same
            step = new - old
            own = math.nan if gradient is None else vdot(gradient, gradient)
            squares.append((own, vdot(new, new), vdot(step, step)))
        if squares:
            self._squares[self._row] = squares
        self._in_place = in_place
        self._before = []  # held any longer, their memory could not be used again at once, and the run would slow down
        self._row += 1
        self._lay(self._weights[self._row])
        if self._row == ROWS:
            self._sum()

    def _sum(self) -> None:
        """The norms of the rows that are filled."""
        count, self._row = self._row, 0
        weights = self._weights[: count + 1]
        parts = (self._gradients[:count], weights[1:], np.diff(weights, axis=0))
        with np.errstate(all="ignore"):
            small = np.stack([self._summed(part) for part in parts], axis=2)
            roots = np.sqrt(np.concatenate((self._squares[:count], small), axis=1))
            roots[:, :, 2] /= roots[:, :, 1]
            self._numbers.append(roots.astype(np.float32))
        weights[0] = weights[count]

    def taken(self, count: int) -> list[tuple[str, Array]]:
        """The numbers of the so many iterations since they were last taken, by name, as float32."""
        self._sum()
        numbers, self._numbers = np.concatenate(self._numbers)[:count], []  # a step more where an iteration failed late
        named = list(enumerate([*self.large, *self.small]))
        return [(f"{p.path}.{name}", numbers[:, n, k]) for n, p in named for k, name in enumerate(NAMES)]

    def _summed(self, part: Array) -> Array:
        """The sums of squares of what is laid end to end: (rows, parameters)."""
        if not self.small:
            return np.zeros((len(part), 0))
        return np.add.reduceat(np.square(part, dtype=np.float64), self._starts, axis=1)
