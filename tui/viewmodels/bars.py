"""Bars: numbers as lengths, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterable

EIGHTHS = " ▏▎▍▌▋▊▉█"
LOST = "?"


def decades(values: Iterable[float]) -> tuple[int, int]:
    """The powers of ten that enclose the positive finite ones; (0, 1) without any."""
    logs = [math.log10(value) for value in values if 0 < value < math.inf]
    if not logs:
        return 0, 1
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    return (low - 1 if min(logs) - low < 0.05 else low), max(high, low + 1)


def bar(value: float, scale: tuple[int, int], width: int) -> str:
    """A bar of at most `width` cells, to an eighth; zero has none, what is not finite is ? all along."""
    if not math.isfinite(value):
        return LOST * width
    if value <= 0 or width < 1:
        return " " * width
    low, high = scale
    share = min(1.0, max(0.0, (math.log10(value) - low) / (high - low)))
    return length(share, width, 1)


def length(share: float, width: int, least: int = 0) -> str:
    """A bar of that share of `width` cells, to an eighth; at least so many eighths."""
    whole, rest = divmod(max(least, round(share * width * 8)), 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(width)
