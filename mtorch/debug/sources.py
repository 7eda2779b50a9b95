"""Sources: where a number comes from: a cell of a tensor as the terms that it is made of, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from mtorch.debug.derivatives import Asking, Derivative, unit
from mtorch.debug.events import Call, Event, Trace
from mtorch.errors import MtorchError, unknown
from mtorch.layers.base import Array
from mtorch.layers.linear import Linear

MOST_PARTS = 300
"""Tensors that are tried in pairs."""

MOST = 1000
"""Terms that are told apart; the smallest of more are summed as the rest."""

Index = tuple[int, ...]


class Place(NamedTuple):
    """A cell of a tensor of an event."""

    event: int
    tensor: str
    cell: Index

    def __str__(self) -> str:
        return cell(self.tensor, self.cell)


class Term(NamedTuple):
    """A part of a sum: its value, how it is made, and where its factors lie."""

    value: float
    words: str
    places: tuple[Place, ...]


class Sources(NamedTuple):
    """A number and its terms, largest first. `rest` is the sum of those left out, `off` what the sum misses it by.

    `kind` says what the terms are: "sum", which they add up to the number, or "slopes", how the number moves with each.
    """

    place: Place
    value: float
    terms: tuple[Term, ...]
    rest: float
    off: float
    kind: str


def parse(text: str, event: Event) -> Place:
    """The place in a text such as "grad_input[3,7]". Raises MtorchError that says what was expected."""
    match = re.fullmatch(r"\s*(.*?)\s*(?:\[\s*(-?\d{1,9}(?:\s*,\s*-?\d{1,9})*)?\s*\])?\s*", text, re.ASCII | re.DOTALL)
    name = match[1] if match else text
    if name not in event.tensors:
        raise MtorchError(unknown("tensor here", name[:80], event.tensors))
    shape = event.tensors[name].shape
    numbers = tuple(int(n) for n in match[2].split(",")) if match and match[2] else ()
    if len(numbers) != len(shape) or not all(-n <= i < n for i, n in zip(numbers, shape, strict=True)):
        raise MtorchError(f"{name} has shape {shape}: expected a cell such as {cell(name, (0,) * len(shape))}")
    return Place(event.index, name, tuple(i % n for i, n in zip(numbers, shape, strict=True)))


def brackets(place: Place) -> str:
    return cell("", place.cell)


def cell(tensor: str, index: Index) -> str:
    return f"{tensor}[{','.join(map(str, index))}]" if index else tensor


def sources(trace: Trace, place: Place, going: Callable[[], bool] = lambda: True) -> Sources:
    """The terms of a cell. Raises MtorchError where they can't be told, Unmeasured where `going`, which is asked before
    each call of the layer, says no.
    """
    event = trace.events[place.event]
    if (dtype := event.tensors[place.tensor].dtype).kind not in "fiub":
        raise MtorchError(f"{place} is no real number: {place.tensor} is of {dtype}")
    value = float(event.tensors[place.tensor][place.cell])
    kind, terms = "sum", list(_terms(trace, event, place))
    if not terms:
        kind, terms = "slopes", list(_slopes(trace, event, place, going))
    if not terms and event.address.phase == "update":
        raise MtorchError(f"{place} is the optimiser's work, which is not followed; ask for gradient{brackets(place)}")
    if not terms and place.tensor in results(event) and call_of(trace, event) is None:
        layer = event.address.path.rpartition(".")[2] or event.address.phase
        raise MtorchError(f"how {layer} made {place} of {given(event)} was not recorded")
    if not terms and place.tensor in results(event) and not value:
        raise MtorchError(f"{place} is 0, and so are all its terms")
    if not terms:
        raise MtorchError(f"{place} comes from outside the network: there is nothing before it")
    terms.sort(key=lambda term: -abs(term.value))
    shown = tuple(terms[:MOST])
    rest = float(np.sum([term.value for term in terms[MOST:]]))
    total = float(np.sum([term.value for term in terms]))
    return Sources(place, value, shown, rest, value - total if kind == "sum" else 0.0, kind)


def _terms(trace: Trace, event: Event, place: Place) -> list[Term]:
    """The terms that a cell is the sum of, where it is one."""
    phase, name = event.address.phase, place.tensor
    if phase == "update":
        return list(_of_update(trace, event, place))
    if handed := handed_on(trace, place):
        return [_said(trace, there, value) for there, value in handed]
    if phase == "forward":
        return list(_of_forward(trace, event, place)) if name == "output" else []
    return list(_of_backward(event, place)) if event.call is not None and name in event.call.names.values() else []


def _said(trace: Trace, there: Place, value: float) -> Term:
    event = trace.events[there.event]
    where = " ".join(filter(None, (event.address.phase, event.address.path)))
    return Term(value, f"{there} of {where}{_step(event)}", (there,))


def _step(event: Event) -> str:
    return "" if event.address.t is None else f" t={event.address.t}"


def _of_update(trace: Trace, event: Event, place: Place) -> Iterator[Term]:
    """A parameter after a step is what it was before, and the step; its gradient the sum of its calls' shares."""
    own = event.address.path.rpartition(".")[2]
    if place.tensor == f"{own} after":
        for name in (f"{own} before", "delta"):
            there = Place(event.index, name, place.cell)
            yield Term(float(event.tensors[name][place.cell]), str(there), (there,))
    elif place.tensor == "gradient":
        layer, wanted = event.address.path.rpartition(".")[0], f"grad_{own}"
        for other in trace.events:
            if other.address.phase == "backward" and other.address.path == layer and wanted in other.tensors:
                there = Place(other.index, wanted, place.cell)
                yield Term(
                    float(other.tensors[wanted][place.cell]), f"{there} of backward {layer}{_step(other)}", (there,)
                )


def _of_backward(event: Event, place: Place) -> Iterator[Term]:
    """A gradient's cell is the sum, over the outputs, of grad_output times the output's slope for that cell."""
    assert event.call is not None
    call, loss = event.call, event.address.phase == "loss"
    slot = next(s for s, name in call.names.items() if name == place.tensor)
    shape = call.gradients[slot].shape
    slopes = Derivative(call).outputs(slot, unit(int(np.ravel_multi_index(place.cell, shape)), shape))
    if slopes is None:
        return
    terms, moved = call.grad_output * slopes, cell(call.names[slot].removeprefix("grad_"), place.cell)
    for index in map(tuple, np.argwhere(terms)):
        value, slope = float(terms[index]), float(slopes[index])
        if loss:
            yield Term(value, f"d value / d {cell('output', place.cell)}", (Place(event.index, "output", place.cell),))
            continue
        there = Place(event.index, "grad_output", tuple(map(int, index)))
        factor = _factor(call, slot, place.cell, there.cell) or f"d {cell('output', there.cell)} / d {moved}"
        yield Term(value, f"{there} ({float(call.grad_output[index]):.4g}) * {factor} ({slope:.4g})", (there,))


def _factor(call: Call, slot: str, index: Index, output: Index) -> str:
    """The slope's own name, where a layer's arithmetic gives it one."""
    if not isinstance(call.layer, Linear) or not index:
        return ""
    if slot == "#0":
        return cell("weight", (index[-1], output[-1]))
    if slot == "weight":
        return cell("input", (*output[:-1], index[0]))
    return "1" if slot == "bias" else ""


def _of_forward(trace: Trace, event: Event, place: Place) -> Iterator[Term]:
    """An output of a Linear is a sum of products."""
    call = call_of(trace, event)
    if call is None or not isinstance(call.layer, Linear) or place.tensor != "output":
        return
    x, weight, bias = event.tensors["input"], event.tensors["weight"], event.tensors["bias"]
    *sample, unit_ = place.cell
    row = x[tuple(sample)]
    for k in range(len(row)):
        a, b = Place(event.index, "input", (*sample, k)), Place(event.index, "weight", (k, unit_))
        one, two = float(row[k]), float(weight[k, unit_])
        yield Term(one * two, f"{a} ({one:.4g}) * {b} ({two:.4g})", (a, b))
    there = Place(event.index, "bias", (unit_,))
    yield Term(float(bias[unit_]), str(there), (there,))


def _slopes(trace: Trace, event: Event, place: Place, going: Callable[[], bool]) -> Iterator[Term]:
    """How an output moves with each of what went in: the Jacobian's row."""
    call = call_of(trace, event)
    if call is None or event.address.phase != "forward" or place.tensor != "output":
        return
    derivative = Derivative(call, Asking(going))
    output = event.tensors["output"]
    grad_output = unit(int(np.ravel_multi_index(place.cell, output.shape)), output.shape)
    inputs = taken(event)
    for slot in derivative.slots():
        row = derivative.whole(slot, grad_output).values
        name = inputs[int(slot[1:])] if slot.startswith("#") else slot
        for index in map(tuple, np.argwhere(row)):
            there = Place(event.index, name, tuple(map(int, index)))
            yield Term(float(row[index]), f"d {place} / d {there}", (there,))


def call_of(trace: Trace, event: Event) -> Call | None:
    """What is known of a forward call: its backward's, where there was one."""
    sought = (event.address.path, event.address.t)
    if event.call is not None:
        return event.call
    found = (e for e in trace.events if e.address.phase == "backward" and e.call is not None)
    return next((e.call for e in found if (e.address.path, e.address.t) == sought), None)


def handed_on(trace: Trace, place: Place) -> list[tuple[Place, float]]:
    """The cells, with their values, that were handed on to make this one: a single one, or two that were added."""
    wanted = trace.events[place.event].tensors[place.tensor]
    found: list[tuple[Place, Array]] = []
    for there, tensor in _near(trace, place):
        for index, part in _parts(tensor, wanted, place.cell):
            if np.array_equal(part, wanted if part.shape == wanted.shape else _part_of(wanted, part, place.cell)):
                value = float(tensor[index])
                return [(there._replace(cell=index), value)]
            if part.shape == wanted.shape and len(found) < MOST_PARTS:
                found.append((there._replace(cell=index), part))
    if wanted.dtype.kind == "f" and (place.tensor.startswith("grad_output") or place.tensor == "output"):
        for number, (first, a) in enumerate(found):
            rest, near = wanted - a, 8 * np.finfo(wanted.dtype).eps * float(np.abs(wanted).max(initial=0.0))
            for second, b in found[number + 1 :]:
                if a.any() and b.any() and float(np.abs(rest - b).max(initial=0.0)) <= near:
                    return [(first, float(a[place.cell])), (second, float(b[place.cell]))]
    return []


def _near(trace: Trace, place: Place) -> Iterator[tuple[Place, Array]]:
    """What may have been handed on: for what goes into an event, results of those before it, and what went into those
    that it is inside of; for results, those of the events inside, the latest first, and then what went in.
    """
    event = trace.events[place.event]
    goes_in = place.tensor in taken(event)
    if not goes_in and place.tensor not in results(event):
        return
    for other in reversed(trace.events[: event.index] if goes_in else trace.events[event.index : event.end]):
        around = other.index <= event.index < other.end
        for name in taken(other) if around else results(other):
            yield Place(other.index, name, ()), other.tensors[name]


def given(event: Event) -> str:
    """What an event was handed, in words, and how large it is."""
    names = taken(event)
    sizes = (float(np.linalg.norm(np.ravel(event.tensors[name]))) for name in names)
    return " and ".join(f"{name} (norm {n:.4g})" for name, n in zip(names, sizes, strict=True)) or "what it was handed"


def taken(event: Event) -> list[str]:
    """The names of what goes into an event, but for parameters."""
    phase, names = event.address.phase, list(event.tensors)
    if phase == "backward":
        return [name for name in names if name.startswith("grad_output")]
    if phase == "loss":
        return [name for name in names if name == "output"]
    return [name for name in names if phase == "forward" and not name.startswith("output") and "." not in name]


def results(event: Event) -> list[str]:
    """The names of what an event makes."""
    phase, names = event.address.phase, list(event.tensors)
    if phase == "forward":
        return [name for name in names if name.startswith("output")]
    if phase == "loss":
        return [name for name in names if name == "grad_output"]
    return [name for name in names if phase == "backward" and name.startswith("grad_") and name not in taken(event)]


def _parts(tensor: Array, wanted: Array, index: Index) -> Iterator[tuple[Index, Array]]:
    """Parts of a tensor that may be the wanted one, or that the wanted one may be put together of, and where in the
    tensor the cell then lies: all of it, a time step, the first or the last columns.
    """
    if tensor.shape == wanted.shape:
        yield index, tensor
    elif tensor.ndim == wanted.ndim + 1 and tensor.shape[1:] == wanted.shape:
        yield from (((t, *index), tensor[t]) for t in range(len(tensor)))
    elif tensor.ndim + 1 == wanted.ndim and wanted.shape[1:] == tensor.shape:
        yield index[1:], tensor
    elif tensor.ndim == wanted.ndim > 0 and tensor.shape[:-1] == wanted.shape[:-1]:
        own, other, column = tensor.shape[-1], wanted.shape[-1], index[-1]
        if own > other:
            yield index, tensor[..., :other]
            yield (*index[:-1], column + own - other), tensor[..., own - other :]
        elif column < own:
            yield index, tensor
        if own < other and column >= other - own:
            yield (*index[:-1], column - other + own), tensor
    elif tensor.ndim == wanted.ndim + 1 and tensor.shape[1:-1] == wanted.shape[:-1]:
        own, other, column = tensor.shape[-1], wanted.shape[-1], index[-1]
        if column >= other - own:
            yield from (((t, *index[:-1], column - other + own), tensor[t]) for t in range(len(tensor)))


def _part_of(wanted: Array, part: Array, index: Index) -> Array:
    """What of the wanted tensor would be that part."""
    if part.ndim + 1 == wanted.ndim:
        step: Array = wanted[index[0]]
        return step
    own = part.shape[-1]
    first: Array = wanted[..., :own]
    last: Array = wanted[..., wanted.shape[-1] - own :]
    return first if index[-1] < own and np.array_equal(first, part) else last
