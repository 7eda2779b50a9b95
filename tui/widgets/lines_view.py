"""LinesView: a viewmodel's lines, drawn in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.strip import Strip

from tui.messages import Resized
from tui.viewmodels.lines import HERE, Line, Part
from tui.widgets.line_view import LineView

COLOURS = {
    "wrong": "text-error",
    "right": "text-success",
    "warning": "text-warning",
    "forward": "text-primary",
    "backward": "text-accent",
}
"""Kinds of parts that have a colour of the theme."""


class LinesView(LineView):
    """Scrolls where there are more lines than show."""

    BINDINGS = [
        Binding("up", "scroll_lines(-1)", "up", show=False, id="view.up"),
        Binding("down", "scroll_lines(1)", "down", show=False, id="view.down"),
    ]

    lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Lines, scrolled so that the one that begins with HERE shows."""
        self.lines = lines
        self.set_extent(self.size.width, len(lines))
        for number, parts in enumerate(lines):
            if parts and parts[0].text == HERE:
                self.reveal(number)
                break

    def on_resize(self) -> None:
        self.post_message(Resized())

    def action_scroll_lines(self, by: int) -> None:
        self.scroll_to(y=self.scroll_y + by, animate=False)

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.base
        number = self.scroll_offset.y + y
        if number >= len(self.lines):
            return Strip.blank(width, base)
        segments = [Segment(part.text, base + self._style(part)) for part in self.lines[number]]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, part: Part) -> Style:
        foreground, background = part.colours
        colour = Color.from_rgb(*foreground) if foreground else None
        if colour is None and part.kind in COLOURS:
            colour = Color.parse(self.app.colour(COLOURS[part.kind]))
        return Style(
            color=colour,
            bgcolor=Color.from_rgb(*background) if background else None,
            bold=part.kind in ("bold", "wrong") or None,
            dim=part.kind == "dim" or None,
            reverse=part.kind == "here" or None,
        )
