"""Help: every key and command by groups, or those that a text occurs in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """A key, or a command, and what it does. `other` names are found, too, and don't show."""

    group: str
    name: str
    summary: str
    other: str = ""


def matching(entries: Iterable[Entry], text: str) -> dict[str, list[Entry]]:
    """By groups, those that have each word of a text somewhere; capitals matter in names alone: S is not s."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        everything = " ".join(entry).lower()
        if all(word in entry.name.split() or (len(word) > 1 and word.lower() in everything) for word in text.split()):
            found.setdefault(entry.group, []).append(entry)
    return found
