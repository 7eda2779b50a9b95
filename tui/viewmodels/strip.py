"""The names of an event's tensors in one line, so that the chosen one shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.viewmodels.here import cut

LEFT, RIGHT = "‹", "›"


def window(widths: Sequence[int], chosen: int, room: int) -> tuple[int, int]:
    """Which of the labels, of these widths, show: first and end. A sign takes a cell where some are left out."""
    first, end = chosen, chosen + 1

    def fits(first: int, end: int) -> bool:
        return sum(widths[first:end]) + (first > 0) + (end < len(widths)) <= room

    for start in range(chosen + 1):
        if fits(start, end):
            first = start
            break
    while end < len(widths) and fits(first, end + 1):
        end += 1
    return first, end


def strip(names: Sequence[str], wrong: Sequence[bool], chosen: int, room: int) -> list[tuple[str, bool]]:
    """Parts of the line, and whether each is the chosen one."""
    if not names:
        return []
    labels = [f"{name} ✗" if bad else name for name, bad in zip(names, wrong, strict=True)]
    labels = [f"[{label}]" if number == chosen else f" {label} " for number, label in enumerate(labels)]
    first, end = window([cell_len(label) for label in labels], chosen, room)
    signs = (first > 0) + (end < len(labels))
    parts = [
        (cut(label, room - signs) if end == first + 1 else label, number == chosen)
        for number, label in enumerate(labels[first:end], first)
    ]
    return [*([(LEFT, False)] * (first > 0)), *parts, *([(RIGHT, False)] * (end < len(labels)))]
