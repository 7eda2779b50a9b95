"""Searching: the events of an iteration that a text or a regular expression occurs at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mtorch.debug.events import Event


def pattern(text: str) -> re.Pattern[str]:
    """A text as a regular expression, or, where it is none, as it stands. Capitals matter only where it has some."""
    capitals = any(character.isupper() for character in re.sub(r"\\.", "", text))
    flags = re.MULTILINE | (0 if capitals else re.IGNORECASE)
    try:
        return re.compile(text, flags)
    except (re.error, OverflowError):
        return re.compile(re.escape(text), flags)


def matches(events: Iterable[Event], said: Mapping[int, Sequence[str]], text: str) -> list[int]:
    """The indexes of events where it occurs in phase, path and time step, a tensor's name, or what is said of one."""
    sought = pattern(text)
    found = []
    for event in events:
        place = str(event.address).partition(" ")[2]
        if sought.search("\n".join([place, *event.tensors, *said.get(event.index, ())])):
            found.append(event.index)
    return found


def following(found: Sequence[int], at: int, by: int) -> int:
    """Which of the matches, counted from 0, comes so many after the event we are at; after the last, the first."""
    before = sum(index < at for index in found)
    here = at in found
    first = before - 1 + here if by > 0 else before
    return (first + by) % len(found)
