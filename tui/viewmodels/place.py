"""Where we are: the breadcrumb line."""

from __future__ import annotations

from mtorch.debug.events import Event
from tui.viewmodels.tree import ancestors, called, phase_of


def breadcrumb(events: tuple[Event, ...], index: int) -> str:
    """iteration 42 › backward › rnn › t=3 › tanh"""
    path = [events[i] for i in (*reversed(ancestors(events, index)), index)]
    start = f"iteration {events[index].address.iteration}"
    return " › ".join(filter(None, [start, phase_of(path[0]), *(called(events, event) for event in path)]))
