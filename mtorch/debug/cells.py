"""Cells: what a number of a tensor is besides, a parameter's or one that can be set, and where it has another value."""

from __future__ import annotations

from collections.abc import Container

from mtorch.debug.branches import require_cell
from mtorch.debug.events import Event
from mtorch.debug.session import Going, Session, Stopped
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from mtorch.layers.base import Array

MOST = 100
"""Iterations that are looked through before it is said that there is none."""


def parameter_at(event: Event, tensor: str, known: Container[str]) -> str | None:
    """The path, one of those known, of the parameter or buffer that a tensor of an event shows; None where of none.

    At its update these are the numbers before and after, and the change.
    """
    path = event.address.path
    if event.address.phase == "update":
        name = path.rpartition(".")[2]
        return path if path in known and tensor in (f"{name} before", "delta", f"{name} after") else None
    own = f"{path}.{tensor}" if path else tensor
    return own if own in known else None


def settable(event: Event, tensor: str, known: Container[str]) -> tuple[str, Array]:
    """What `set` calls a tensor of an event, and the numbers that it has at the iteration's start.

    `known` are the paths of parameters and buffers. Raises MtorchError that says why for what can't be set.
    """
    phase, path = event.address.phase, event.address.path
    if (own := parameter_at(event, tensor, known)) is not None:
        before = f"{path.rpartition('.')[2]} before"
        return own, event.tensors[before if phase == "update" else tensor]
    given = (phase == "forward" and not path) or (phase == "loss" and tensor.startswith("target"))
    if given and tensor not in event.results:
        return tensor, event.tensors[tensor]
    raise MtorchError(f"{tensor} is computed here: set takes parameters, inputs at forward, targets at loss, and lr")


def next_value(
    session: Session,
    at: Position,
    tensor: str,
    index: tuple[int, ...],
    back: bool = False,
    going: Going = lambda _: True,
    most: int = MOST,
) -> Position | None:
    """The next event with a tensor of that name, of the same path, phase and shape, whose number is another one.

    With `back`, the one before. Looks through `most` iterations besides this one; None where there is none in these.
    Raises Stopped, and MtorchError for an index that isn't in the tensor.
    """
    here = session.trace(at.iteration, going).events[at.event]
    array = here.tensors[tensor]
    require_cell(tensor, index, array)
    step = -1 if back else 1
    for iteration in range(at.iteration, max(-1, at.iteration + step * (most + 1)), step):
        if iteration != at.iteration and not going(iteration):
            raise Stopped
        for event in session.trace(iteration, going).events[::step]:
            there = event.tensors.get(tensor)
            later = iteration != at.iteration or (event.index - at.event) * step > 0
            if later and there is not None and there.shape == array.shape and like(event, here):
                old, new = array[index], there[index]
                if not (old == new or (old != old and new != new)):
                    return Position(iteration, event.index)
    return None


def like(one: Event, two: Event) -> bool:
    """Whether two events are of one path and phase, and both a time step as a whole or both not."""
    a, b = one.address, two.address
    return (a.phase, a.path, one.label == f"t={a.t}") == (b.phase, b.path, two.label == f"t={b.t}")
