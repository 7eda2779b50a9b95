"""Tape: what is recorded of a stranger's model, iteration by iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.debug.events import Trace
from mtorch.debug.recording.layout import DTYPES
from mtorch.debug.recording.writer import Writer
from mtorch.debug.report import Report
from mtorch.debug.work import WORK, cost
from mtorch.layers.base import Array
from mtorch.training import State

STOPPED, GIVEN_UP = "stopped by Ctrl-C", "watching it was given up"
"""Ends of a script that are no failures of its own."""
MOST, MANY = 1024, 50
"""Elements, and gradients, that right numbers are recorded for in an iteration."""
TIMES = 5
"""So many times the work of one question may be spent on them."""


class Tape:
    """What is recorded of a script, iteration by iteration; the file is made with the first one."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path, self.about = path, about
        self.writer: Writer | None = None

    def begin(self, writer: Writer, state: Mapping[str, Array]) -> None:
        """Record with a writer what starts from a state."""
        self.writer = writer
        self.writer.state(0, State(storable(state) or {"none": np.zeros(0)}, {}))

    def loss(self, iteration: int, loss: float) -> None:
        """What there is of an iteration that isn't kept whole."""
        assert self.writer is not None
        self.writer.series(iteration, [("loss", np.array([loss]))])

    def add(self, trace: Trace, state: Mapping[str, Array], report: Report) -> None:
        if self.writer is None:
            self.begin(Writer(self.path, self.about), state)
        self.loss(trace.iteration, trace.loss)
        self.whole(trace, report)

    def whole(self, trace: Trace, report: Report) -> None:
        """All of an iteration but its loss."""
        assert self.writer is not None
        events = tuple(replace(e, tensors=storable(e.tensors)) for e in trace.events)
        self.writer.trace(replace(trace, events=events))
        self.writer.report(report, right_numbers(report))
        self.writer.commit()

    def end(self, notes: Sequence[list[str]] = (), **about: Any) -> None:
        """`notes` are for whoever opens it."""
        if self.writer is not None:
            for name, value in about.items():
                self.writer.meta(name, value)
            if notes:
                self.writer.left("notes", notes)
            self.writer.close()


def storable(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Those that a recording has dtypes for."""
    return {name: array for name, array in arrays.items() if array.dtype.newbyteorder("<").str in DTYPES}


def right_numbers(report: Report) -> dict[tuple[int, str], Array]:
    """The right gradients beside those that are wrong, where they are not too many to find, and don't cost too much."""
    found: dict[tuple[int, str], Array] = {}
    left = TIMES * WORK
    for check in report.checks:
        call = report.trace.events[check.event].call
        size = report.trace.events[check.event].tensors.get(check.tensor, np.zeros(MOST + 1)).size
        if len(found) == MANY:
            break
        if check.ok is False and call is not None and size <= MOST:
            try:
                left -= size * cost(call)
                if left < 0:
                    break
                array = report.numerical(check.event, check.tensor)
            except Exception:  # a stranger's layer may raise anything
                continue
            if array is not None:
                found[check.event, check.tensor] = array
    return found
