"""Once: what is computed of something that doesn't change, such as a trace or its arrays, is computed once."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TypeVar

Subject = TypeVar("Subject")
Result = TypeVar("Result")


def once(function: Callable[[Subject], Result], most: int = 32) -> Callable[[Subject], Result]:
    """A function that remembers its results for the latest subjects, as long as these are there at all."""
    latest: dict[int, tuple[weakref.ref[Subject], Result]] = {}

    def remembered(subject: Subject) -> Result:
        known = latest.get(id(subject))
        if known is None or known[0]() is not subject:
            while len(latest) >= most:
                del latest[next(iter(latest))]
            latest[id(subject)] = known = (weakref.ref(subject), function(subject))
        return known[1]

    return remembered
