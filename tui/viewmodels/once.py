"""Once: what is computed of something that doesn't change, such as a trace or its arrays, is computed once."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TypeVar

Subject = TypeVar("Subject")
Result = TypeVar("Result")


def once(function: Callable[[Subject], Result], most: int = 32) -> Callable[[Subject], Result]:
    """A function that remembers its results for the latest subjects, as long as these are there at all. Several threads
    may ask it: what is exported is made in one, and what shows in another.
    """
    latest: dict[int, tuple[weakref.ref[Subject], Result]] = {}
    changing = threading.Lock()

    def remembered(subject: Subject) -> Result:
        known = latest.get(id(subject))
        if known is None or known[0]() is not subject:
            known = (weakref.ref(subject), function(subject))
            with changing:
                while len(latest) >= most:
                    del latest[next(iter(latest))]
                latest[id(subject)] = known
        return known[1]

    return remembered
