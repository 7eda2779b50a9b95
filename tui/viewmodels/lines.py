"""Lines: text in parts, each with its kind, as pure viewmodels give it and a widget draws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len

from tui.viewmodels.heat import Rgb
from tui.viewmodels.here import cut

KINDS = ("", "bold", "dim", "here", "wrong", "right", "warning", "forward", "backward")
"""What a part may be; the widget has a style of the theme for each. None of them is the only sign of anything."""


HERE = ">"
"""The first part of the line that is about the event that shows."""


class Part(NamedTuple):
    """`colours` are a foreground and a background of its own, either None where it is the theme's."""

    text: str
    kind: str = ""
    colours: tuple[Rgb | None, Rgb | None] = (None, None)


Line = tuple[Part, ...]


def line(*parts: str | Part) -> Line:
    return tuple(part if isinstance(part, Part) else Part(part) for part in parts)


def text(lines: Iterable[Line]) -> str:
    """What they say, without colours."""
    return "\n".join("".join(part.text for part in parts).rstrip() for parts in lines)


def fitted(parts: Line, width: int) -> Line:
    """A line in at most that many cells, with … at its end where it is longer."""
    found: list[Part] = []
    for part in parts:
        room = width - sum(cell_len(p.text) for p in found)
        if cell_len(part.text) > room:
            return (*found, part._replace(text=cut(part.text, room)))
        found.append(part)
    return tuple(found)
