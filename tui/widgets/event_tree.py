"""EventTree: an iteration's events as a tree; its cursor is the position in the run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.strip import Strip

from mtorch.debug.events import Trace
from tui.messages import Jump
from tui.plain import printable
from tui.viewmodels.tree import NONE, ancestors, marks, row, visible
from tui.widgets.line_view import LineView

CURRENT = Style(bold=True, reverse=True)


class EventTree(LineView):
    """Shows what is open; the current event's ancestors always are."""

    BINDINGS = [
        Binding("up", "app.along(-1)", "up", show=False, id="tree.up"),
        Binding("down", "app.along(1)", "down", show=False, id="tree.down"),
        Binding("enter", "app.fold", "open or close", show=False, id="tree.fold"),
    ]

    trace: Trace | None = None
    marked: Mapping[int, Any] = {}
    current = 0
    stops: Mapping[int, str] = {}

    def __init__(self, **options: str) -> None:
        super().__init__(**options)
        self.opened: set[int] = set()
        self.rows: list[int] = []
        self.open: frozenset[int] = frozenset()

    def show(self, trace: Trace, current: int, marked: Mapping[int, Any], stops: Mapping[int, str]) -> None:
        """`stops` are the marks of breakpoints."""
        if marked is not self.marked or trace is not self.trace:
            self.marked, self.marks = marked, marks(trace.events, marked)
        before, self.trace, self.current, self.stops = self.trace, trace, current, stops
        # Iterations are alike event by event, so what is open stays open from one to the next.
        self.opened = {event for event in self.opened if event < len(trace.events)}
        now_open = frozenset(self.opened).union(ancestors(trace.events, current))
        if trace is not before or now_open != self.open:
            self.open, self.rows = now_open, visible(trace.events, now_open)
        self.set_extent(self.size.width, len(self.rows))
        self.reveal(self.line)

    @property
    def line(self) -> int:
        """Of the current event."""
        return bisect_left(self.rows, self.current)

    def beside(self, by: int) -> int:
        """The event that shows so many rows below the current one, or as far as there are rows."""
        return self.rows[max(0, min(len(self.rows) - 1, self.line + by))]

    def fold(self) -> None:
        """Open or close the current event."""
        if self.trace is not None:
            self.opened ^= {self.current}
            self.show(self.trace, self.current, self.marked, self.stops)

    def on_click(self, click: Click) -> None:
        line = self.line_at(click)
        if 0 <= line < len(self.rows):
            self.post_message(Jump(self.rows[line]))

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.base
        line = self.scroll_offset.y + y
        if self.trace is None or line >= len(self.rows):
            return Strip.blank(width, base)
        index = self.rows[line]
        events = self.trace.events
        shown = row(events, index, index in self.open, self.marks)
        here, style = (">", base + CURRENT) if index == self.current else (" ", base)
        stop = self.stops.get(index, NONE)
        if shown.mark == NONE == stop:
            segments = [Segment(f"{here}{shown.mark}{stop}{printable(shown.text)}", style)]
        else:
            mark = style + Style(color=self.app.colour("text-error"), bold=True)
            segments = [Segment(f"{here}{shown.mark}{stop}", mark), Segment(printable(shown.text), style)]
        return Strip(segments).adjust_cell_length(width, style)
