"""Once: what a view computes of a whole trace, computed once as long as that trace shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mtorch.debug.events import Trace

Result = TypeVar("Result")


def once(function: Callable[[Trace], Result]) -> Callable[[Trace], Result]:
    """A function of a trace that remembers its latest result; traces don't change."""
    latest: list[tuple[Trace, Result]] = []

    def remembered(trace: Trace) -> Result:
        if not latest or latest[0][0] is not trace:
            latest[:] = [(trace, function(trace))]
        return latest[0][1]

    return remembered
