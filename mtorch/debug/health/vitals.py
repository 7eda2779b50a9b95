"""Vitals: the few numbers of an iteration that the rules of health look at.

A trace is megabytes, and a window has ten of them; vitals are some kilobytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.diagnosis.finite import not_finite
from mtorch.debug.events import Address, Call, Event, Trace
from mtorch.debug.health.thresholds import LEAST
from mtorch.debug.twins import twin
from mtorch.layers.base import Array
from mtorch.losses import BCEWithLogitsLoss, CrossEntropyLoss

PROBE = np.concatenate((-np.geomspace(1e4, 1, 40), np.linspace(-1, 1, 21), np.geomspace(1, 1e4, 40)))
T = TypeVar("T")
Range = tuple[float, float]
Ranges = dict[str, Range | None]
"""What each activation's outputs lie between, by path; None for a layer that is no bounded function of each element."""


@dataclass(frozen=True)
class Parameter:
    """A parameter in one iteration. Norms are of whole tensors; `gradient` is None where backward left none.

    `begun` is the norm of the gradient that was there before the first backward, `drop` what the update takes off the
    loss to first order. `weight`, `delta` and `changed` are None where the optimiser made no step.
    """

    path: str
    name: str
    event: int
    ndim: int
    constant: bool
    gradient: float | None
    mean: float
    begun: float
    weight: float | None
    delta: float | None
    changed: bool | None
    drop: float

    @property
    def label(self) -> str:
        return f"{self.path}.{self.name}" if self.path else self.name


@dataclass(frozen=True)
class Units:
    """An activation's units in one iteration, over all samples and time steps.

    `alive` (units) says which were ever off their lower bound, for activations that are bounded on that side alone;
    `reach` (units) is how near to a bound each is on average, 0 in the middle and 1 at it, for those bounded on both.
    `head` says that the outputs are the network's.
    """

    path: str
    size: int
    event: int
    alive: Array | None
    reach: Array | None
    head: bool


@dataclass(frozen=True)
class Inputs:
    """The network's input: its moments and extremes."""

    event: int
    name: str
    mean: float
    std: float
    low: float
    high: float


@dataclass(frozen=True)
class Vitals:
    """One iteration. `loss` is per element, `value` as it was differentiated; `chance` is what a network that
    knows nothing loses, where that is known; `labels` (classes) counts them. `broken` tells of a number that is not
    finite.
    """

    iteration: int
    addresses: tuple[Address, ...]
    loss: float
    value: float
    loss_event: int
    chance: float | None
    labels: Array | None
    parameters: tuple[Parameter, ...]
    units: tuple[Units, ...]
    inputs: tuple[Inputs, ...]
    broken: Finding | None


@dataclass(frozen=True)
class Window:
    """Successive iterations, and the losses per element of the whole run up to their end."""

    vitals: tuple[Vitals, ...]
    losses: tuple[float, ...]

    @property
    def last(self) -> Vitals:
        return self.vitals[-1]

    @property
    def long(self) -> bool:
        """Whether it is enough to tell what goes on from what happened once."""
        return len(self.vitals) >= LEAST

    def weights(self) -> list[list[Parameter]]:
        """The matrices and kernels, in the order of forward; each in all iterations."""
        return [series for series in self.parameters() if series[0].ndim > 1]

    def parameters(self) -> list[list[Parameter]]:
        return tracks([v.parameters for v in self.vitals], lambda p: p.label)

    def units(self) -> list[list[Units]]:
        return tracks([v.units for v in self.vitals], lambda u: (u.path, u.size))


def tracks(rows: Sequence[Sequence[T]], key: Callable[[T], Hashable]) -> list[list[T]]:
    """What has the same key in every row, together, in the order of the last."""
    tables = [{key(one): one for one in row} for row in rows]
    return [[table[k] for table in tables] for k in tables[-1] if all(k in table for table in tables)]


def vitals(trace: Trace, ranges: Ranges) -> Vitals:
    """The vitals of a trace. `ranges` is filled for paths that are not in it."""
    with np.errstate(all="ignore"):
        loss = next((e for e in trace.events if e.address.phase == "loss"), None)
        chance, labels = expectation(loss) if loss else (None, None)
        return Vitals(
            trace.iteration,
            tuple(event.address for event in trace.events),
            trace.loss,
            float(loss.tensors["value"]) if loss else trace.loss,
            loss.index if loss else 0,
            chance,
            labels,
            tuple(parameters(trace)),
            tuple(units(trace, ranges, loss.tensors["output"] if loss else None)),
            tuple(inputs(trace)),
            next(iter(not_finite(trace)), None),
        )


def parameters(trace: Trace) -> list[Parameter]:
    places: dict[tuple[str, str], Event] = {}
    for event in trace.events:
        places.setdefault((event.address.phase, event.address.path), event)
    found = []
    for (path, name), (before, after) in trace.accumulated.items():
        update = places.get(("update", f"{path}.{name}" if path else name))
        forward = places.get(("forward", path))
        at = places.get(("backward", path)) or update or forward
        if at is None:
            continue
        tensors: Any = update.tensors if update else {}
        old, delta = tensors.get(f"{name} before"), tensors.get("delta")
        shown = old if old is not None else forward.tensors.get(name) if forward else None
        found.append(
            Parameter(
                path,
                name,
                at.index,
                0 if shown is None else shown.ndim,
                shown is not None and shown.size > 1 and bool((shown == shown.flat[0]).all()),
                None if after is None else norm(after),
                0.0 if after is None else float(np.abs(after).mean()),
                0.0 if before is None else norm(before),
                None if old is None else norm(old),
                None if delta is None else norm(delta),
                None if delta is None else bool(delta.any()),
                0.0 if after is None or delta is None else -float((after * delta).sum(dtype=float)),
            )
        )
    order = {path: event.index for (phase, path), event in places.items() if phase == "forward"}
    return sorted(found, key=lambda p: order.get(p.path, 0))


def units(trace: Trace, ranges: Ranges, output: Array | None) -> list[Units]:
    for event in trace.events:
        if event.address.phase == "backward" and event.call is not None and event.address.path not in ranges:
            ranges[event.address.path] = bounds(event.call) if event.end == event.index + 1 else None
    calls: dict[tuple[str, int], list[Event]] = {}
    for event in trace.events:
        if event.address.phase == "forward" and "output" in event.tensors and ranges.get(event.address.path):
            count = by_unit(event.tensors["output"]).shape[1]
            calls.setdefault((event.address.path, count), []).append(event)
    found = []
    for (path, size), events in calls.items():
        low, high = ranges[path] or (0.0, 0.0)
        values = np.concatenate([by_unit(event.tensors["output"]) for event in events])
        head = output is not None and len(events) == 1 and np.array_equal(events[0].tensors["output"], output)
        alive = None if math.isfinite(high) else np.asarray((values > low).any(axis=0))
        reach = np.abs((2 * values - low - high) / (high - low)).mean(axis=0) if math.isfinite(high) else None
        found.append(Units(path, size, events[0].index, alive, reach, head))
    return found


def by_unit(output: Array) -> Array:
    """(samples, units): a unit is an element of the last axis, or a channel of (batch, channels, height, width)."""
    if output.ndim == 4:
        output = np.moveaxis(output, 1, -1)
    return output.reshape(-1, output.shape[-1] if output.ndim else 1)


def bounds(call: Call) -> Range | None:
    """What the outputs of a layer that works on each element by itself lie between: two finite numbers, or a lower one
    that it gives for many inputs, and infinity. None for any other layer.
    """
    if call.layer.parameters or len(call.inputs) != 1 or call.inputs[0].ndim < 2 or call.inputs[0].dtype.kind != "f":
        return None
    shape, dtype = call.inputs[0].shape, call.inputs[0].dtype
    count = len(PROBE)
    whole = (-(-count // max(1, math.prod(shape[1:]))), *shape[1:])
    # Each number among other neighbours the second time: where it gives another output then, they matter.
    first, second = (np.resize(np.roll(np.arange(count), n), whole) for n in (0, count // 3))
    second = np.where(second % 2 == 0, second, count - 1 - second)
    x = PROBE[first].astype(dtype)
    try:
        y = np.asarray(twin(call.layer).forward(x.copy()))
        again = np.asarray(twin(call.layer).forward(PROBE[second].astype(dtype)))
    except Exception:  # a stranger's layer may refuse such inputs in any way it likes
        return None
    if y.shape != x.shape or again.shape != x.shape or not np.isfinite(y).all():
        return None
    outputs = y.ravel()[:count]
    if not np.allclose(y, outputs[first]) or not np.allclose(again, outputs[second]):
        return None
    middle, far = np.abs(x) <= 5e3, np.abs(x) >= 5e3
    low, high = float(y.min()), float(y.max())
    if y[far].max() > y[middle].max() + 1e-6:
        return (low, math.inf) if (y == low).mean() > 0.25 else None
    return (low, high) if high > low and y[middle].min() - low < 1e-6 else None


def inputs(trace: Trace) -> list[Inputs]:
    """Of the tensors that the network is given, those of floats that are not all the same number."""
    given = next((e for e in trace.events if e.address.phase == "forward"), None)
    called = next((e.call for e in trace.events if e.address.phase == "backward" and e.call is not None), None)
    if given is None or called is None:
        return []
    tensors = list(given.tensors.items())[: len(called.inputs)]
    return [
        Inputs(given.index, name, float(x.mean()), float(x.std()), float(x.min()), float(x.max()))
        for name, x in tensors
        if x.dtype.kind == "f" and x.size and x.min() < x.max()
    ]


def expectation(loss: Event) -> tuple[float | None, Array | None]:
    """What a network that finds all classes as likely loses per element, and how many labels there are of each."""
    target, output = loss.tensors["target"], loss.tensors["output"]
    kind = getattr(loss.call and loss.call.layer, "loss", None)
    if isinstance(kind, BCEWithLogitsLoss) and np.isin(target, (0, 1)).all():
        counts = np.array([(target == 0).sum(), (target == 1).sum()])
        return math.log(2), counts if target.size == len(target) else None
    if target.dtype.kind not in "iu" or target.shape != output.shape[:-1] or not target.size:
        return None, None
    classes = output.shape[-1]
    chance = math.log(classes) if isinstance(kind, CrossEntropyLoss) and classes > 1 else None
    # In sequences, such as text, some symbols are rare by nature.
    return chance, np.bincount(target, minlength=classes) if target.ndim == 1 else None


def norm(array: Array) -> float:
    return float(np.linalg.norm(array.astype(float).ravel()))


def median(values: Sequence[float]) -> float:
    return float(np.median(values))
