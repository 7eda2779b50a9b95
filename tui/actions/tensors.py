"""Tensors: which of an event's tensors shows, and which of its cells."""

from __future__ import annotations

from typing import Any

from tui.viewmodels.tensors import beside, choose
from tui.widgets.tensor_table import TensorTable


class Tensors:
    """What the app takes from here; it is an app with a position and a trace."""

    tensor: str | None
    """The one asked for; None where the event's own first choice shows."""

    @property
    def chosen(self: Any) -> str | None:
        """The tensor that shows first, None where there is none."""
        if self.position is None or self.trace is None:
            return None
        event = self.trace.events[self.position.event]
        report = self.session.known_report(self.position.iteration)
        return self.tensor if self.tensor in event.tensors else choose(event, self._wrong(event, report), None)

    def action_tensor(self: Any, by: int) -> None:
        if self.position is None or self.trace is None:
            return
        self.tensor = beside(list(self.trace.events[self.position.event].tensors), self.chosen, by * self.counted())
        self.show()

    def action_scroll_table(self: Any, columns: int, rows: int) -> None:
        times = self.counted()
        self.query(TensorTable).first().action_scroll_cells(columns * times, rows * times)

    def look_at(self: Any, tensor: str, cell: tuple[int, ...]) -> None:
        """Show a tensor of this event, with a cell chosen."""
        self.tensor = tensor
        self.show()
        self.query(TensorTable).first().choose(cell)
