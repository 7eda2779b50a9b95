"""Scene: all that a view may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mtorch.debug.events import Event, Trace
from mtorch.debug.report import Report
from mtorch.layers.base import Array
from tui.viewmodels.lines import Line


@dataclass(frozen=True)
class Scene:
    """An event of a trace, its iteration's report where that is known, and the run's history.

    `tensor` is the name of the tensor that shows, `cell` the index of its chosen cell; `losses` are those of all
    iterations that ran. `optimizer` is the optimiser's state before the iteration where the session has it at hand.
    `watched` has numbers of each iteration, by name; None where they are not at hand.
    `dark` and `colour` are the theme's; `names` are those of units, see `Training`.
    """

    trace: Trace
    index: int
    report: Report | None = None
    tensor: str | None = None
    cell: tuple[int, ...] | None = None
    losses: Sequence[float] = ()
    optimizer: Mapping[str, Array] = field(default_factory=dict)
    watched: Mapping[str, Array | None] = field(default_factory=dict)
    dark: bool = True
    colour: bool = True
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def event(self) -> Event:
        return self.trace.events[self.index]

    @property
    def array(self) -> Array | None:
        """The tensor that shows."""
        return self.event.tensors.get(self.tensor) if self.tensor else None


class View(NamedTuple):
    """Something to see in place of the tensors, or beside them: as many lines as it takes, of at most `width` cells.

    `height` is how many lines show at once. The title may say what of the scene it is about.
    Curves have a widget of their own, and no lines.
    """

    name: str
    summary: str
    title: Callable[[Scene], str]
    lines: Callable[[Scene, int, int], list[Line]] | None = None
