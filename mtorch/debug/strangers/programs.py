"""Programs: what a stranger's build(seed) made, as a training: one iteration after another, and back to a moment."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from mtorch.debug.events import Trace
from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.instruments import Instruments, names_of
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.places import get
from mtorch.debug.strangers.quiet import quietly
from mtorch.debug.strangers.snapshots import MOST, Snapshot, reachable
from mtorch.debug.strangers.steps import Step
from mtorch.errors import MtorchError
from mtorch.layers.base import Array, DTypeLike
from mtorch.training import State, Training


class Told(NamedTuple):
    """What an iteration says of its loss; NaN where it says nothing."""

    per_element: float


class Moment(State):
    """A program's parameters, as far as they are known, to be looked at; `kept`, all that it can go on from."""

    program: Program
    whole: tuple[Snapshot, Chance] | None = None

    def kept(self) -> Moment:
        if self.whole is not None:  # which nothing changes
            return self
        made = Moment(*super().kept())
        made.program, made.whole = self.program, self.program.snapshot()
        return made

    @property
    def nbytes(self) -> int:
        return super().nbytes + (self.whole[0].nbytes if self.whole else 0)


class Program(Training):
    """A training of a stranger's layers, by its `step`: it has no model, loss, optimiser or batches of ours.

    Its layers are watched by what the `instruments` found when it was built. `again` builds it anew. `turn` is held
    while its code, or copies of its layers, are at work; Python's and numpy's own random generators are then as it left
    them. `copies` says whether states are to be such that it can go back to them.
    """

    def __init__(self, built: Any, step: Step, instruments: Instruments, again: Callable[[], Program]) -> None:
        self.built, self.instruments, self.again = built, instruments, again
        for cls in {type(thing) for thing, _ in islice(reachable(built), MOST)}:  # such as layers of a library
            if (names := names_of(cls)) is not None:
                instruments.layers.setdefault(cls, names)
        self.copies = True
        self.unclear: list[str] = []
        self.turn = threading.RLock()
        self.epoch, self.test, self.dtype = 100, None, np.dtype(np.float64)
        self._step, self._luck, self._running = step, Chance(object), False
        self._owned: dict[str, tuple[Any, Any]] = {}
        self._first: Observer | None = None
        self._latest: Snapshot | None = None
        self._heard: bool | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While entered, the program's code may run; in it once more, that is so already."""
        with self.turn:
            if self._running:
                yield
                return
            self._luck.again()
            self._running = True
            try:
                yield
            finally:
                self._running, self._luck = False, Chance(object)

    @contextmanager
    def trials(self) -> Iterator[None]:
        """While entered, copies of its layers may be at work, unheard."""
        with self.turn, self.instruments.deaf(), quietly(*self.instruments.layers):
            yield

    def step(self, iteration: int) -> Told:  # type: ignore[override]
        """One iteration. Its loss is what the step returns; else what is seen of one, for which it is watched."""
        if self._heard is not False:
            return Told(self.watched(iteration).loss)
        with self.at_work():
            return Told(loss_of(self._step(iteration)))

    def watched(self, iteration: int) -> Trace:
        """One iteration, and all events of it. Raises MtorchError where none are seen."""
        found: list[Trace] = []
        observer = Observer(lambda trace, state: found.append(trace), whole=True)
        observer.iteration = iteration
        if self._first is not None:
            observer.as_before(self._first)
        with self.at_work(), Instruments(observer, self.instruments.spared, self.instruments) as instruments:
            result = self._step(iteration)
            if not observer.broken:
                observer.end()
        if observer.broken:
            raise MtorchError(f"watching it was given up: {observer.broken}")
        if not found:
            raise MtorchError("no class with a forward and a backward was at work")
        self.instruments, self._first = instruments, self._first or observer
        self._owned.update(observer.owned)
        self.unclear += [line for line in observer.unclear if line not in self.unclear]
        loss = loss_of(result)
        if self._heard is None:
            self._heard = math.isnan(loss) and not math.isnan(found[0].loss)
        return replace(found[0], loss=found[0].loss if math.isnan(loss) else loss)

    def snapshot(self) -> tuple[Snapshot, Chance] | None:
        """All that it goes on from. Raises Uncopied."""
        if not self.copies:
            return None
        self._latest = Snapshot(self.built, self._latest)
        return self._latest, Chance(object) if self._running else self._luck

    def state(self) -> Moment:
        made = Moment(self.parameters(), {})
        made.program = self
        return made

    def load_state(self, state: State) -> None:
        """Go back to a moment that was kept."""
        assert isinstance(state, Moment) and state.whole is not None
        snapshot, self._luck = state.whole
        with self.turn:
            snapshot.restore()

    def parameters(self) -> dict[str, Array]:
        found = {path: get(layer, place) for path, (layer, place) in self._owned.items()}
        return {path: np.asarray(array) for path, array in found.items() if isinstance(array, np.ndarray)}

    def astype(self, dtype: DTypeLike) -> Program:
        """Itself: it computes in what it computes in."""
        return self

    def accuracy(self) -> None:
        return None


def loss_of(result: Any) -> float:
    """The loss in what a step returned: a number, the first of several, one called loss; NaN where there is none."""
    if isinstance(result, dict):
        return loss_of(result.get("loss"))
    if isinstance(result, tuple | list) and result and not hasattr(result, "per_element"):
        return loss_of(result[0])
    found = getattr(result, "per_element", result)
    if isinstance(found, float | int | np.number | np.ndarray) and np.size(found) == 1 and not np.iscomplexobj(found):
        return float(np.asarray(found).reshape(()))
    return float("nan")
