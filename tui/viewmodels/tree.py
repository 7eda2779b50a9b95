"""The event tree as rows: what is open, what each row says, and which are marked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from mtorch.debug.events import Event, is_step

WRONG, WRONG_INSIDE, STOP, STOP_INSIDE, NONE = "✗", "·", "●", "○", " "


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


def called(events: tuple[Event, ...], event: Event) -> str:
    """What an event is called; with the number of its call, from 1 on, where a layer's calls are no time steps."""
    return event.label if event.address.t is None or is_step(events, event) else f"{event.label} #{event.address.t + 1}"


def phase_of(event: Event) -> str:
    """Its phase where nothing around it says so, "" where that goes without saying."""
    return event.address.phase if event.parent is None and event.label != event.address.phase else ""


def marks(
    events: tuple[Event, ...], marked: Collection[int], own: str = WRONG, inside: str = WRONG_INSIDE
) -> Mapping[int, str]:
    """Of each event that has one: its own, or that of something marked inside it."""
    around = {above: inside for event in marked for above in ancestors(events, event)}
    return {**around, **dict.fromkeys(marked, own)}


def row(events: tuple[Event, ...], index: int, opened: bool, marks: Mapping[int, str]) -> Row:
    """A row's text, indented by depth, and its mark."""
    event = events[index]
    leaf = event.end == index + 1
    sign = " " if leaf else ("▾" if opened else "▸")
    name = " ".join(filter(None, (phase_of(event), called(events, event))))
    return Row(index, f"{'  ' * event.depth}{sign} {name}", marks.get(index, NONE))
