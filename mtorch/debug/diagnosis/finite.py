"""Where the first number came from that is not finite."""

from __future__ import annotations

import math

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Event, Trace, in_time
from mtorch.layers.base import Array


def first_not_finite(trace: Trace) -> tuple[Event, str] | None:
    """The event and the tensor where NaN or infinity appears first in time.

    It was born there if the tensor is one of the event's results, as then all that went in was finite; else it came
    from outside the iteration's events. What goes into an event with others inside is seen again at the first of these;
    what such a layer made itself, between the layers inside, is a result of its own.
    """
    if surely_finite(trace):
        return None
    for event, name in in_time(trace.events):
        inner = event.end == event.index + 1 or name in event.results
        if inner and not is_finite(event.tensors[name]):
            return made_around(trace, event, name) or (event, name)
    return None


def surely_finite(trace: Trace) -> bool:
    """Whether all tensors' sums of squares are finite, which is quick to see; of huge numbers they may overflow."""
    tensors = {id(tensor): tensor for event in trace.events for tensor in event.tensors.values()}
    with np.errstate(over="ignore", invalid="ignore"):
        return all(math.isfinite(np.vdot(x, x).real) for x in tensors.values() if x.dtype.kind in "fc")


def made_around(trace: Trace, event: Event, name: str) -> tuple[Event, str] | None:
    """The innermost event around one into which only finite numbers went, if these aren't when they come out of it.

    None where the tensor is a result or a parameter of the event's: nothing around made that.
    """
    if name in event.results or (event.address.path, name) in trace.accumulated:
        return None
    outer = event.parent
    while outer is not None:
        around = trace.events[outer]
        bad = [n for n, tensor in around.tensors.items() if not is_finite(tensor)]
        if bad and around.label != f"t={around.address.t}" and all(n in around.results for n in bad):
            return around, bad[0]
        outer = around.parent
    return None


def is_finite(array: Array) -> bool:
    """Whether there is neither NaN nor infinity in it."""
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def not_finite(trace: Trace) -> list[Finding]:
    """The first tensor in which NaN or infinity appears; of each iteration one."""
    found = first_not_finite(trace)
    return [finding(*found)] if found else []


def finding(event: Event, name: str) -> Finding:
    a, tensor = event.address, event.tensors[name]
    where, steps = a.path or event.label, () if a.t is None else (a.t,)
    counts = {"NaN": int(np.isnan(tensor).sum()), "Inf": int(np.isinf(tensor).sum())}
    counted = " and ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    message = (
        f"{where}'s {name}{f' at t={a.t}' if steps else ''} in {a.phase} is the first tensor with numbers that are "
        f"not finite: {counted} of {tensor.size}"
    )
    evidence = {kind.lower(): count for kind, count in counts.items()}
    return Finding("non-finite", "error", where, name, a.iteration, steps, message, evidence, event.index)
