"""The event tree as rows: what is open, what each row says, and which are marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtorch.debug.events import Event, is_step

WRONG, WRONG_INSIDE, STOP, NONE = "✗", "·", "●", " "


@dataclass(frozen=True)
class Row:
    """One line of the tree."""

    event: int
    text: str
    mark: str


def ancestors(events: tuple[Event, ...], event: int) -> list[int]:
    """The events that an event is inside of, innermost first."""
    found = []
    parent = events[event].parent
    while parent is not None:
        found.append(parent)
        parent = events[parent].parent
    return found


def visible(events: tuple[Event, ...], opened: set[int], current: int) -> list[int]:
    """The events that show: those whose ancestors are open; the current one's ancestors always are."""
    shown_open = opened | set(ancestors(events, current))
    found, index = [], 0
    while index < len(events):
        found.append(index)
        index = index + 1 if index in shown_open else events[index].end
    return found


def called(events: tuple[Event, ...], event: Event) -> str:
    """What an event is called; with the number of its call, from 1 on, where a layer's calls are no time steps."""
    return event.label if event.address.t is None or is_step(events, event) else f"{event.label} #{event.address.t + 1}"


def phase_of(event: Event) -> str:
    """Its phase where nothing around it says so, "" where that goes without saying."""
    return event.address.phase if event.parent is None and event.label != event.address.phase else ""


def row(events: tuple[Event, ...], index: int, opened: bool, marked: Mapping[int, Any]) -> Row:
    """A row's text, indented by depth, and its mark: wrong itself, or something wrong in what is folded."""
    event = events[index]
    leaf = event.end == index + 1
    sign = " " if leaf else ("▾" if opened else "▸")
    mark = NONE
    if index in marked:
        mark = WRONG
    elif any(i in marked for i in range(index + 1, event.end)):
        mark = WRONG_INSIDE
    name = " ".join(filter(None, (phase_of(event), called(events, event))))
    return Row(index, f"{'  ' * event.depth}{sign} {name}", mark)
