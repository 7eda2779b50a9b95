"""Spans: ascending numbers in runs of neighbours, and in words; how many there are of something."""

from __future__ import annotations

from collections.abc import Iterable


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as stretches first … stop - 1 of neighbours."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1]:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found


def ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers in words: 0…8, or 1, 3, 5…7."""
    return ", ".join(
        f"{first}…{stop - 1}" if stop - first > 2 else ", ".join(map(str, range(first, stop)))
        for first, stop in runs(numbers)
    )


def plural(number: int, one: str, several: str = "") -> str:
    """1 loss is, 2 losses are; without a word for several, that for one with an s."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
