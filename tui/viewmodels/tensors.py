"""Which tensors of an event there are to see, and which one first."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mtorch.debug.events import Event
from mtorch.debug.report import Report
from mtorch.layers.base import Array

LARGEST = 200_000
"""Elements. Larger tensors are not differentiated element by element."""

FIRST = {
    "forward": ("output",),
    "loss": ("grad_output",),
    "backward": ("grad_input", "grad_x"),
    "update": ("delta",),
}


def choose(event: Event, wrong: Iterable[str], wanted: str | None) -> str | None:
    """The tensor to show: the first wrong one, else the one wanted, else the phase's own first choice."""
    names = list(event.tensors)
    candidates = [*wrong, wanted, *FIRST[event.address.phase], *names[:1]]
    return next((name for name in candidates if name in event.tensors), None)


def beside(names: list[str], name: str | None, by: int) -> str | None:
    """The tensor that many places after (before, where negative) one, round the end."""
    if not names:
        return None
    return names[(names.index(name) + by) % len(names)] if name in names else names[0]


def right_numbers(report: Report, index: int, tensor: str, going: Callable[[], bool] = lambda: True) -> Array | None:
    """The right numbers of a wrong tensor; None where that is right, too large, or can't be differentiated, and where
    `going` says no.
    """
    event = report.trace.events[index]
    wrong = any(check.tensor == tensor for check in report.wrong.get(index, ()))
    if not wrong or tensor not in event.tensors or event.tensors[tensor].size > LARGEST:
        return None
    try:
        return report.numerical(index, tensor, going)
    except (Exception, SystemExit):  # a user's own layers may raise anything
        return None
