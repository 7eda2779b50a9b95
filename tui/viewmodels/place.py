"""Where we are: the breadcrumb line."""

from __future__ import annotations

from mtorch.debug.events import Event
from tui.viewmodels.tree import ancestors


def breadcrumb(events: tuple[Event, ...], index: int) -> str:
    """iteration 42 › backward › rnn › t=3 › tanh"""
    path = [*reversed(ancestors(events, index)), index]
    return " › ".join([f"iteration {events[index].address.iteration}", *(events[i].label for i in path)])
