"""Where we are: the breadcrumb line."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from mtorch.debug.events import Event
from tui.viewmodels.tree import ancestors, called, phase_of


def top(left: str, state: str, width: int) -> str:
    """The line at the top, in that many cells: where we are, as much of it as there is room for, and what is known."""
    return f"{set_cell_size(left, max(0, width - cell_len(state) - 1))} {state}"


def breadcrumb(events: tuple[Event, ...], index: int) -> str:
    """iteration 42 › backward › rnn › t=3 › tanh"""
    path = [events[i] for i in (*reversed(ancestors(events, index)), index)]
    start = f"iteration {events[index].address.iteration}"
    return " › ".join(filter(None, [start, phase_of(path[0]), *(called(events, event) for event in path)]))
