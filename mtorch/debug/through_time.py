"""Through time: of each layer that takes time steps, its hidden state at each and the loss's gradient for that state.

The gradient is the total one: what reaches h[t] from the output at t and from all later time steps together, as the
recorded backward had it. It is read from what was recorded, in one of two ways, and else not told:

- h[t] is what an inner layer put out (an RNN's activation): then it is that call's grad_output, whatever the class.
- mtorch's LSTM and GRU compute h of several: it is grad_output[t] and what goes back from t+1 (equations in
  `gated.py`). It is told only where the recorded backward went on from this very gradient at t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mtorch.debug.events import Event, Trace
from mtorch.layers.base import Array
from mtorch.layers.gated import GRU, LSTM
from mtorch.layers.recurrent import Recurrent

NEAR = 1e-4
"""How far the gradient that a backward went on from may be from the one found, as a share of its norm."""


class Step(NamedTuple):
    """One time step. `forward` and `backward` are its events, `hidden` and `gradient` of one shape (batch, out_dim);
    `inside` has what each inner layer put out, by its name, a gate by its letter. None is not known.
    """

    t: int
    forward: int
    backward: int | None
    hidden: Array | None
    gradient: Array | None
    inside: Mapping[str, Array]


@dataclass(frozen=True)
class ThroughTime:
    """One call of a layer with time steps. `hidden` and `gradient` are what its steps' are called; where the total
    gradient can't be known (`known`), it is the grad_output of an inner layer.
    """

    path: str
    events: tuple[range, ...]
    steps: tuple[Step, ...]
    hidden: str = "h"
    gradient: str = "dL/dh"
    known: bool = True


def through_time(trace: Trace) -> list[ThroughTime]:
    """Every call of every layer that takes time steps, in the order of their forwards."""
    backwards: dict[str, list[Event]] = {}
    for event in trace.events:
        if event.address.phase == "backward" and not is_step(event):
            backwards.setdefault(event.address.path, []).append(event)
    found = []
    for event in trace.events:
        if event.address.phase == "forward" and not is_step(event) and (groups := steps_of(trace, event)):
            back = backwards.get(event.address.path, [])
            found.append(_one(trace, event, groups, back.pop() if back else None))
    return found


def is_step(event: Event) -> bool:
    """Whether an event is a time step, which only groups what is inside."""
    return event.label == f"t={event.address.t}"


def steps_of(trace: Trace, event: Event) -> dict[int, Event]:
    """The time steps of a call, by t."""
    inside = trace.events[event.index + 1 : event.end]
    return {e.address.t: e for e in inside if e.parent == event.index and e.address.t is not None and is_step(e)}


def around(found: list[ThroughTime], event: int) -> ThroughTime | None:
    """The innermost one that an event is in; the first one, for an event in none."""
    inside = [one for one in found if any(event in events for events in one.events)]
    return max(inside, key=lambda one: one.path.count("."), default=found[0] if found else None)


def _one(trace: Trace, forward: Event, groups: Mapping[int, Event], backward: Event | None) -> ThroughTime:
    back = steps_of(trace, backward) if backward else {}
    kind = backward.call.layer if backward is not None and backward.call is not None else None
    states = list(_states(trace, forward, groups, isinstance(kind, Recurrent)))
    last = _maker(groups, states)
    known = last is not None
    if last is None:
        group = groups[max(groups)]
        last = [e.label for e in trace.events[group.index + 1 : group.end] if e.parent == group.index][-1]
    gradients = {t: back[t].tensors.get(f"{last}.grad_output") for t in back}
    if not known and backward is not None and isinstance(kind, LSTM | GRU):
        summed = _summed(kind, groups, back, _handed(trace, backward))
        known = bool(summed)
        gradients.update(summed)
    hidden = "h" if known or isinstance(kind, Recurrent) else "output"
    if not states:
        states, hidden = [group.tensors.get(f"{last}.output") for group in groups.values()], f"{last}.output"
    steps = tuple(
        Step(t, group.index, back[t].index if t in back else None, h, gradients.get(t), _inside(kind, group))
        for (t, group), h in zip(groups.items(), states, strict=True)
    )
    events = (range(e.index, e.end) for e in (forward, backward) if e is not None)
    named = "dL/dh" if known else f"{last}.grad_output"
    return ThroughTime(forward.address.path, tuple(events), steps, hidden, named, known)


def _states(trace: Trace, forward: Event, groups: Mapping[int, Event], ours: bool) -> Iterator[Array | None]:
    """What came out at each t: rows of the output, or columns of one that has the batch first; nothing where neither
    is as long as there are time steps. What lies on top of a layer of ours was given its states.
    """
    upper = _upper(trace, forward) if ours else None
    output = forward.tensors.get("output")
    if upper is not None:
        output = upper.tensors.get("x", upper.tensors.get("input"))
    if output is None or output.ndim < 2:
        return
    count = len(groups)
    first = next(iter(groups.values()))
    made = [a for name, a in first.tensors.items() if name.endswith(".output")]
    if len(output) == count and not (output.shape[1] == count and any(np.array_equal(a, output[:, 0]) for a in made)):
        yield from output
    elif output.shape[1] == count:
        yield from np.swapaxes(output, 0, 1)


def _upper(trace: Trace, event: Event) -> Event | None:
    sought = f"{event.address.path}.upper"
    return next((e for e in trace.events[event.index : event.end] if e.address.path == sought), None)


def _maker(groups: Mapping[int, Event], states: list[Array | None]) -> str | None:
    """The inner layer that puts the hidden states out, number for number."""
    if not states:
        return None
    first = next(iter(groups.values()))
    names = [name for name in first.tensors if name.endswith(".output")]
    same = (
        name
        for name in names
        if all(
            (made := group.tensors.get(name)) is not None and h is not None and np.array_equal(made, h, equal_nan=True)
            for group, h in zip(groups.values(), states, strict=True)
        )
    )
    name = next(same, None)
    return name.removesuffix(".output") if name else None


def _handed(trace: Trace, backward: Event) -> Array | None:
    """The gradient that came in for all hidden states at once: (seq, batch, out_dim)."""
    upper = _upper(trace, backward)
    if upper is None:
        return backward.tensors.get("grad_output")
    return upper.tensors.get("grad_x", upper.tensors.get("grad_input"))


def _summed(
    layer: LSTM | GRU, groups: Mapping[int, Event], back: Mapping[int, Event], handed: Array | None
) -> dict[int, Array]:
    """The total gradient at each t, from the last one back; nothing where the backward did not go on from it."""
    n, found = layer.out_dim, dict[int, Array]()
    if handed is None or len(handed) != len(groups) or set(back) != set(groups):
        return {}
    carried: Any = 0.0
    for t in sorted(groups, reverse=True):
        names, gates = back[t].tensors, groups[t].tensors["sigmoid.output"]
        grad, last = handed[t] + carried, gates[:, -n:]
        if not _near(names["tanh.grad_output"], grad * (last if isinstance(layer, LSTM) else 1 - last)):
            return {}
        found[t] = grad
        carried = names["gates.grad_input"][:, :n]
        if isinstance(layer, LSTM):
            carried = carried + names["candidate.grad_input"][:, :n]
        else:
            carried = carried + names["from_hidden.grad_input"] + grad * last
    return found


def _near(a: Array, b: Array) -> bool:
    with np.errstate(all="ignore"):
        return a.shape == b.shape and not np.linalg.norm(a - b) > NEAR * np.linalg.norm(b)


def _inside(layer: Any, group: Event) -> dict[str, Array]:
    """What each inner layer put out in a time step; gates come first, one by one, where they are known."""
    gates = layer.gate_letters if isinstance(layer, Recurrent) else ""
    outputs = {name.removesuffix(".output"): a for name, a in group.tensors.items() if name.endswith(".output")}
    one_by_one = np.split(outputs.pop("sigmoid"), len(gates), axis=-1) if gates else ()
    return dict(zip(gates, one_by_one, strict=True)) | outputs
