"""The event tree as rows: what is open, what each row says, and which are marked."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from mtorch.debug.events import Event
from mtorch.debug.report import Report
from tui.viewmodels.once import once

WRONG, WRONG_INSIDE, NONE = "✗", "·", " "


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


def visible(events: tuple[Event, ...], opened: Set[int]) -> list[int]:
    """The events that show, in order: those whose ancestors are open."""
    found, index = [], 0
    while index < len(events):
        found.append(index)
        index = index + 1 if index in opened else events[index].end
    return found


@once
def marks(report: Report) -> Mapping[int, str]:
    """Of each event that has one: wrong itself, or something wrong inside it."""
    events = report.trace.events
    inside = {above: WRONG_INSIDE for event in report.marked for above in ancestors(events, event)}
    return {**inside, **dict.fromkeys(report.marked, WRONG)}


def row(events: tuple[Event, ...], index: int, opened: bool, marks: Mapping[int, str]) -> Row:
    """A row's text, indented by depth, and its mark."""
    event = events[index]
    leaf = event.end == index + 1
    sign = " " if leaf else ("▾" if opened else "▸")
    return Row(index, f"{'  ' * event.depth}{sign} {event.label}", marks.get(index, NONE))
