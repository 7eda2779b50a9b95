"""Equations: what this event should have computed, and the shape of each symbol in it."""

from __future__ import annotations

import re

from rich.cells import cell_len

from tui.plain import plain
from tui.viewmodels.here import ljust
from tui.viewmodels.lines import Line, Part, fitted, line
from tui.viewmodels.numbers import shape
from tui.viewmodels.scene import Scene


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """The equations, then each of the event's tensors with its shape and, where an equation has it, a mark."""
    event = scene.event
    if not event.equations:
        said = [line(Part("no equations are known of this event", "dim"))]
    else:
        said = [line(f"  {plain(equation)}") for equation in event.equations]
    words = {word for equation in event.equations for word in re.findall(r"[A-Za-z_]\w*", equation)}
    said.append(())
    longest = max((cell_len(plain(name)) for name in event.tensors), default=0)
    for name, array in event.tensors.items():
        used = name in words or name.split(" ")[0] in words
        kind = "bold" if used else "dim"
        said.append(line("  ", Part(ljust(plain(name), longest), kind), f"  {shape(array.shape)} {array.dtype}"))
    return [fitted(parts, width) for parts in said]


def title(scene: Scene) -> str:
    return f"equations of {plain(scene.event.label)}"
