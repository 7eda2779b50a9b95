"""Tensors: which of an event's tensors shows, and which of its cells."""

from __future__ import annotations

from typing import Any

from tui.viewmodels.tensors import beside, choose
from tui.widgets.tensor_table import TensorTable


class Tensors:
    """What the app takes from here; it is an app with a position and a trace."""

    tensor: str | None
    """The one asked for; None where the event's own first choice shows."""
    carried = False
    """Whether it was asked for at another event: then one that is wrong here shows before it."""

    @property
    def chosen(self: Any) -> str | None:
        """The tensor that shows first, None where there is none."""
        if self.position is None or self.trace is None:
            return None
        event = self.trace.events[self.position.event]
        report = self.session.known_report(self.position.iteration)
        wrong = self._wrong(event, report)
        asked = self.tensor in event.tensors and not (self.carried and wrong and self.tensor not in wrong)
        return self.tensor if asked else choose(event, wrong, None)

    def action_tensor(self: Any, by: int) -> None:
        if self.position is None or self.trace is None:
            return
        names = list(self.trace.events[self.position.event].tensors)
        self.tensor, self.carried = beside(names, self.chosen, by * self.counted()), False
        self.show()

    def action_scroll_table(self: Any, columns: int, rows: int) -> None:
        times = self.counted()
        self.query(TensorTable).first().action_scroll_cells(columns * times, rows * times)

    def look_at(self: Any, tensor: str, cell: tuple[int, ...]) -> None:
        """Show a tensor of this event, with a cell chosen."""
        self.tensor, self.carried = tensor, False
        self.show()
        self.query(TensorTable).first().choose(cell)
