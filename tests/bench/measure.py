"""Measuring: two things in turns within one run, and the median of their ratios."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

Work = Callable[[], object]


class Measured(NamedTuple):
    """How long `what` takes as a share of `against`, and both in seconds (medians), or in words where it isn't time."""

    ratio: float
    what: float
    against: float
    words: str = ""


def seconds(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(what: Work, against: Work, rounds: int = 41, apart: Callable[[], float] = lambda: 0.0) -> Measured:
    """Each round does both, in alternating order, so that what disturbs the machine disturbs both alike.

    `apart` are the seconds of the `what` that was done last which don't count.
    """

    def counted() -> float:
        return seconds(what) - apart()

    what(), against()
    pairs = []
    for number in range(rounds):
        if number % 2:
            second = seconds(against)
            pairs.append((counted(), second))
        else:
            pairs.append((counted(), seconds(against)))
    ratio = statistics.median(a / b for a, b in pairs)
    return Measured(ratio, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))


def repeated(step: Callable[[int], object], times: int) -> Work:
    """Work that is so many steps, numbered on and on."""
    at = 0

    def work() -> None:
        nonlocal at
        for number in range(at, at + times):
            step(number)
        at += times

    return work


def python(code: str) -> Work:
    """A Python of its own that runs some code."""
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)
