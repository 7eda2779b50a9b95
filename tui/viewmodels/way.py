"""How a session goes back in time, in words, where that is to be said."""

from __future__ import annotations


def title(way: str) -> str:
    """What stands over the curve of losses."""
    return f"loss · {way}" if way else "loss per element"


def opening(way: str, why: str) -> str:
    """What is said first; "" where there is nothing to be said of it."""
    return f"{way}: {why}" if why else ""
