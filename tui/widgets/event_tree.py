"""EventTree: an iteration's events as a tree; its cursor is the position in the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.strip import Strip

from mtorch.debug.events import Trace
from tui.messages import Jump
from tui.plain import plain
from tui.viewmodels.tree import STOP, ancestors, row, visible
from tui.widgets.line_view import LineView


class EventTree(LineView):
    """Shows what is open; the current event's ancestors always are."""

    BINDINGS = [
        Binding("up", "along(-1)", "up", show=False, id="tree.up"),
        Binding("down", "along(1)", "down", show=False, id="tree.down"),
        Binding("enter", "fold", "open or close", show=False, id="tree.fold"),
    ]

    trace: Trace | None = None
    marked: Mapping[int, Any] = {}
    current = 0
    stops: frozenset[int] = frozenset()

    def __init__(self, **options: str) -> None:
        super().__init__(**options)
        self.opened: set[int] = set()
        self.rows: list[int] = []

    def show(self, trace: Trace, current: int, marked: Mapping[int, Any], stops: frozenset[int] = frozenset()) -> None:
        """`stops` are the events that a breakpoint stops at."""
        self.stops = stops
        self.trace, self.current, self.marked = trace, current, marked
        # Iterations are alike event by event, so what is open stays open from one to the next.
        self.opened = {event for event in self.opened if event < len(trace.events)}
        self.rows = visible(trace.events, self.opened, current)
        self.set_extent(self.size.width, len(self.rows))
        self.reveal(self.rows.index(current))

    def action_along(self, by: int) -> None:
        line = self.rows.index(self.current) + by
        if 0 <= line < len(self.rows):
            self.post_message(Jump(self.rows[line]))

    def action_fold(self) -> None:
        if self.trace is not None:
            self.opened ^= {self.current}
            self.show(self.trace, self.current, self.marked, self.stops)

    def on_click(self, click: Click) -> None:
        line = self.scroll_offset.y + click.get_content_offset(self).y if click.get_content_offset(self) else -1
        if 0 <= line < len(self.rows):
            self.post_message(Jump(self.rows[line]))

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        line = self.scroll_offset.y + y
        if self.trace is None or line >= len(self.rows):
            return Strip.blank(width, base)
        index = self.rows[line]
        events = self.trace.events
        opened = index in self.opened or index in ancestors(events, self.current)
        shown = row(events, index, opened, self.marked)
        style = base + Style(bold=True, reverse=True) if index == self.current else base
        mark = style + Style(color=self.app.colour("text-error"), bold=True)
        here, stop = ">" if index == self.current else " ", STOP if index in self.stops else " "
        return Strip(
            [Segment(f"{here}{shown.mark}{stop}", mark), Segment(plain_row(shown.text), style)]
        ).adjust_cell_length(width, style)


def plain_row(text: str) -> str:
    """A row's text, made safe, its indent kept."""
    bare = text.lstrip(" ")
    return " " * (len(text) - len(bare)) + plain(bare)
