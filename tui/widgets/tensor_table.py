"""TensorTable: a whole tensor as a table with heat, of which only the cells that show are drawn."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.strip import Strip

from tui.viewmodels.heat import SHADES
from tui.viewmodels.numbers import WIDTH
from tui.viewmodels.table import Cell, Table
from tui.widgets.line_view import LineView

WRONG = "✗"


def styles(dark: bool) -> list[Style]:
    return [
        Style.from_color(Color.from_rgb(*shade.foreground), Color.from_rgb(*shade.background)) for shade in SHADES[dark]
    ]


STYLES = {dark: styles(dark) for dark in (True, False)}
LOST = Style(color="rgb(255,255,255)", bgcolor="rgb(190,0,120)", bold=True)


class TensorTable(LineView):
    """Column and row labels stay in place while the rest scrolls."""

    BINDINGS = [
        Binding("left", "scroll_cells(-1, 0)", "left", show=False, id="table.left"),
        Binding("right", "scroll_cells(1, 0)", "right", show=False, id="table.right"),
        Binding("up", "scroll_cells(0, -1)", "up", show=False, id="table.up"),
        Binding("down", "scroll_cells(0, 1)", "down", show=False, id="table.down"),
    ]

    table: Table | None = None
    chosen: tuple[int, int] | None = None
    """The row and the column of the cell that something is about."""

    def show(self, table: Table | None) -> None:
        self.table, self.chosen = table, None
        if table is None:
            self.set_extent(0, 0)
        else:
            self.set_extent(table.label_width + table.columns * table.column_width, table.rows + 1)

    def action_scroll_cells(self, columns: int, rows: int) -> None:
        wide = self.table.column_width if self.table else 1
        self.scroll_to(self.scroll_x + columns * wide, self.scroll_y + rows, animate=False)

    @property
    def cell(self) -> tuple[int, ...] | None:
        """The index of the chosen cell; without one, of the first that shows whole."""
        table = self.table
        if table is None or not table.rows or not table.columns:
            return None
        row, column = self.chosen or (int(self.scroll_y), -(-int(self.scroll_x) // table.column_width))
        return table.index_at(min(row, table.rows - 1), min(column, table.columns - 1))

    def choose(self, index: tuple[int, ...]) -> None:
        """Choose a cell, and scroll by as little as it takes until it shows."""
        if (table := self.table) is None:
            return
        self.chosen = row, column = table.place_of(index)
        self.reveal(row + 1)
        if row < self.scroll_y:
            self.scroll_to(y=row, animate=False)
        room = max(1, self.size.width - table.label_width - table.column_width)
        left = column * table.column_width
        self.scroll_to(x=min(max(self.scroll_x, left - room), left), animate=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        table = self.table
        if table is None or not table.rows:
            return Strip([Segment("(empty)" if table is not None and y == 0 else "", base)]).adjust_cell_length(
                width, base
            )
        scroll_x, scroll_y = self.scroll_offset
        row = scroll_y + y - 1
        if y and row >= table.rows:
            return Strip.blank(width, base)
        first = scroll_x // table.column_width
        last = min(table.columns, first + width // table.column_width + 2)
        muted = base + Style(dim=True)
        segments: list[Segment] = []
        for column in range(first, last):
            if y == 0:
                segments.append(Segment(table.column_label(column).rjust(table.column_width - 1) + " ", muted))
            else:
                style = base + Style(reverse=True) if (row, column) == self.chosen else base
                for cell in table.cells(row, column):
                    segments += self._cell(cell, style)
                segments.append(Segment(" ", base))
        cut = scroll_x - first * table.column_width
        room = width - table.label_width
        body = Strip(segments).crop(cut, cut + room).adjust_cell_length(max(0, room), base)
        label = "" if y == 0 else table.row_label(row)
        return Strip([Segment(label.rjust(table.label_width - 1) + " ", muted), *body])

    def _cell(self, cell: Cell, base: Style) -> list[Segment]:
        heat = LOST if cell.level is None else STYLES[self.app.current_theme.dark][cell.level]
        mark = Segment(WRONG if cell.wrong else " ", base + Style(bold=True))
        if base.reverse:  # the chosen cell is bracketed, so that it shows without colour too
            return [Segment("[", mark.style), Segment(cell.text.rjust(WIDTH), heat + Style(bold=True, underline=True))]
        return [mark, Segment(cell.text.rjust(WIDTH), heat)]
