"""Checkpoints: states of a run at the starts of iterations, as many as a memory budget allows."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection
from typing import Protocol

from mtorch.training import State

BUDGET = 512 * 2**20
"""Bytes, unless told otherwise."""

SPAN = 0.015
"""Seconds. What lies between two checkpoints should take about as long to run again."""

SPARSEST = 1024


class Store(Protocol):
    """States that lie elsewhere, such as in a file, and take no memory here."""

    @property
    def checkpoints(self) -> Collection[int]: ...

    def state(self, iteration: int) -> State: ...


class Checkpoints:
    """States by iteration. `every` is the spacing: fixed, or a power of two that follows what an iteration takes.

    Over `budget` bytes the spacing doubles, and every other state is dropped; the first one always stays.
    """

    def __init__(
        self, first: int, state: State, every: int | None = None, budget: int = BUDGET, store: Store | None = None
    ) -> None:
        self.every, self.budget, self.size = every or 8, budget, 0
        self._paced = every is not None
        self._first, self._store = first, store
        self._stored = frozenset(store.checkpoints) if store else frozenset()
        self._states: dict[int, State] = {}
        self._known = sorted(self._stored)
        self.add(first, state)

    def due(self, iteration: int) -> bool:
        """Whether the state at the start of an iteration is one to keep, and is not there yet."""
        return iteration % self.every == 0 and iteration not in self._states and iteration not in self._stored

    def add(self, iteration: int, state: State) -> None:
        """Keep a copy of a state."""
        if iteration not in self._stored:
            insort(self._known, iteration)
        self._states[iteration] = copied = state.kept()
        self.size += copied.nbytes
        while self.size > self.budget and len(self._states) > 1:
            self.every *= 2
            for n in [n for n in self._states if n % self.every and n != self._first]:
                self.size -= self._states.pop(n).nbytes
            self._known = sorted(self._states.keys() | self._stored)

    def before(self, iteration: int) -> int:
        """The latest checkpoint at or before an iteration."""
        return self._known[bisect_right(self._known, iteration) - 1]

    def after(self, iteration: int) -> int:
        """The next iteration at whose start one may be due."""
        return iteration - iteration % self.every + self.every

    def within(self, first: int, stop: int) -> list[int]:
        """The checkpoints from `first` on and before `stop`, in their order."""
        return self._known[bisect_left(self._known, first) : bisect_left(self._known, stop)]

    def state(self, iteration: int) -> State:
        """The state of a checkpoint."""
        if iteration in self._states or self._store is None:
            return self._states[iteration]
        return self._store.state(iteration)

    def pace(self, seconds: float) -> None:
        """Hear what an iteration takes. The spacing follows it once, unless it was fixed."""
        if not self._paced:
            self._paced = True
            self.every = spacing(seconds)


def spacing(seconds: float) -> int:
    """How far apart checkpoints should be where an iteration takes so long: a power of two."""
    return int(max(1, min(SPARSEST, 2 ** round(math.log2(SPAN / max(seconds, 1e-9))))))
