"""TensorTable: a tensor as a table with heat, of which only the cells that show are drawn."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.strip import Strip

from tui.messages import Chosen
from tui.plain import plain
from tui.viewmodels.heat import SHADES
from tui.viewmodels.here import rjust
from tui.viewmodels.table import PLAIN, Look, Table
from tui.widgets.line_view import LineView

WRONG = "✗"
LONGEST = 12
"""Cells of a row's name at most."""


def styles(dark: bool) -> list[Style]:
    return [
        Style.from_color(Color.from_rgb(*shade.foreground), Color.from_rgb(*shade.background)) for shade in SHADES[dark]
    ]


STYLES = {dark: styles(dark) for dark in (True, False)}
LOST = Style(color="rgb(255,255,255)", bgcolor="rgb(190,0,120)", bold=True)
DIM, BOLD = Style(dim=True), Style(bold=True)


class TensorTable(LineView):
    """Column and row labels stay in place while the rest scrolls. `cursor` is the row and the column of the chosen
    cell, which stays where it is as long as tables of the same shape show, as does the slice.
    """

    BINDINGS = [
        Binding("left", "move_cell(-1, 0)", "left", show=False, id="table.left"),
        Binding("right", "move_cell(1, 0)", "right", show=False, id="table.right"),
        Binding("up", "move_cell(0, -1)", "up", show=False, id="table.up"),
        Binding("down", "move_cell(0, 1)", "down", show=False, id="table.down"),
        Binding("pageup", "move_page(-1)", "page up", show=False, id="table.page-up"),
        Binding("pagedown", "move_page(1)", "page down", show=False, id="table.page-down"),
        Binding("home", "move_cell(-1000000000, 0)", "first column", show=False, id="table.home"),
        Binding("end", "move_cell(1000000000, 0)", "last column", show=False, id="table.end"),
        Binding("ctrl+home", "move_cell(-1000000000, -1000000000)", "first cell", show=False, id="table.first"),
        Binding("ctrl+end", "move_cell(1000000000, 1000000000)", "last cell", show=False, id="table.last"),
    ]

    table: Table | None = None
    shape: tuple[int, ...] = ()
    """Of what showed last."""
    look: Look = PLAIN
    cursor = (0, 0)

    def show(self, table: Table | None) -> None:
        if table is not None and table.array.shape != self.shape:
            self.look, self.cursor, self.shape = self.look._replace(fixed=()), (0, 0), table.array.shape
            self.scroll_to(0, 0, animate=False)
        self.table = None if table is None else replace(table, look=self.look)
        self._measure()

    def look_by(self, look: Look) -> None:
        """Look at the same tensor in another way; the chosen cell stays the chosen one where it shows."""
        if self.table is None:
            self.look = look
            return
        cell, same = self.cell, look.fixed == self.look.fixed
        self.look = look
        self.table = replace(self.table, look=look)
        self._measure()
        if cell is not None and same:
            self.choose(cell)

    def _measure(self) -> None:
        table = self.table
        if table is None:
            self.set_extent(0, 0)
        else:
            # A column more, so that the last one can be scrolled to with a whole one at the left.
            width = self.label_width + (table.columns + 1) * table.column_width
            hidden = self.scrollable_content_region.width - self.half  # behind the other run's table
            self.set_extent(width + hidden, table.rows + self.heads)

    @property
    def label_width(self) -> int:
        return min(LONGEST, self.table.label_width) if self.table else 0

    @property
    def half(self) -> int:
        """The width of a table: where there are two, of each."""
        width = self.scrollable_content_region.width
        return max(1, (width - 1) // 2) if self.table and self.table.halves else width

    @property
    def heads(self) -> int:
        """Lines above the cells: the columns' labels, which slice shows where there are several axes more, and, where
        there are two tables, whose they are.
        """
        return 1 + bool(self.table and self.table.rest) + bool(self.table and self.table.halves)

    @property
    def cell(self) -> tuple[int, ...] | None:
        """The index of the chosen cell."""
        table = self.table
        if table is None or not table.rows or not table.columns:
            return None
        row, column = self.cursor
        return table.index_at(min(row, table.rows - 1), min(column, table.columns - 1))

    def choose(self, index: tuple[int, ...]) -> None:
        """Choose a cell, in whatever slice it lies, and scroll by as little as it takes until it shows."""
        if (table := self.table) is None:
            return
        if (there := table.at(index)) is not table:
            self.table, self.look = there, there.look
        self._to(*self.table.place_of(index))

    def _to(self, row: int, column: int) -> None:
        table = self.table
        if table is None or not table.rows or not table.columns:
            return
        row, column = max(0, min(row, table.rows - 1)), max(0, min(column, table.columns - 1))
        self.cursor = row, column
        height = max(1, self.scrollable_content_region.height - self.heads)
        y = min(max(self.scroll_y, row - height + 1), row)
        whole = max(1, (self.half - self.label_width) // table.column_width)
        first = min(max(-(-int(self.scroll_x) // table.column_width), column - whole + 1), column)
        self.scroll_to(x=first * table.column_width, y=y, animate=False)
        self.refresh()
        self.post_message(Chosen())

    def action_move_cell(self, columns: int, rows: int) -> None:
        row, column = self.cursor
        self._to(row + rows, column + columns)

    def action_move_page(self, pages: int) -> None:
        self.action_move_cell(0, pages * max(1, self.scrollable_content_region.height - self.heads))

    def action_slice(self, by: int) -> None:
        if self.table is not None and self.table.rest:
            self.look_by(self.table.slice(self.table.number + by))
            self.post_message(Chosen())

    def on_resize(self) -> None:
        self._measure()

    def on_click(self, click: Click) -> None:
        offset, table = click.get_content_offset(self), self.table
        if offset is None or table is None:
            return
        row = self.scroll_offset.y + offset.y - self.heads
        x = offset.x % (self.half + 1)
        column = (self.scroll_offset.x + x - self.label_width) // table.column_width
        if 0 <= row < table.rows and 0 <= column < table.columns:
            self._to(row, column)

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.base
        table = self.table
        if table is None or not table.rows or not table.columns:
            words = "(empty)" if table is not None and y == 0 else ""
            return Strip([Segment(words, base)]).adjust_cell_length(width, base)
        if y == 0 and table.rest:
            return Strip([Segment(sliced(table), base + BOLD)]).adjust_cell_length(width, base)
        row = self.scroll_offset.y + y - self.heads
        if row >= table.rows:
            return Strip.blank(width, base)
        if not table.halves:
            return self._row(y, row, width, base)
        both = [self._row(y, row, self.half, base, side) for side in (0, 1)]
        line = Strip([Segment("│", base + DIM)])
        return Strip.join([both[0], line, both[1]]).adjust_cell_length(width, base)

    def _row(self, y: int, row: int, width: int, base: Style, side: int | None = None) -> Strip:
        """A line of the table; with a side, of the one run's or of the other's, 0 or 1."""
        table, scroll_x = self.table, self.scroll_offset.x
        assert table is not None
        muted = base + DIM
        if side is not None and table.beside is not None and y == self.heads - 2:
            name = plain((table.beside.ours, table.beside.theirs)[side])
            return Strip([Segment(f" {name}", base + BOLD)]).adjust_cell_length(width, base)
        first = scroll_x // table.column_width
        cut = scroll_x - first * table.column_width
        room = width - self.label_width
        # Of numbers only whole ones: the part of one reads as another.
        last = min(table.columns, first + max(1, (room + cut) // table.column_width))
        if y < self.heads:
            segments = [Segment("".join(self._head(table, column) for column in range(first, last)), muted)]
        else:
            segments = self._cells(table, row, first, last, base, side)
        body = Strip(segments).crop(cut, cut + room).adjust_cell_length(max(0, room), base)
        label = "" if y < self.heads else plain(table.row_label(row))
        return Strip([Segment(fitted(label, self.label_width - 1) + " ", muted), *body])

    def _head(self, table: Table, column: int) -> str:
        return fitted(plain(table.column_label(column)), table.column_width - 1) + " "

    def _cells(
        self, table: Table, row: int, first: int, end: int, base: Style, side: int | None = None
    ) -> list[Segment]:
        """Between numbers stand their marks. The chosen one stands in brackets, so that it shows without colour too."""
        styles, strong, width = STYLES[self.app.current_theme.dark], base + BOLD, table.width
        segments, after = [], ""
        for column, cells in enumerate(table.line(row, first, end), first):
            chosen = (row, column) == self.cursor
            for number, cell in enumerate(cells if side is None else cells[side : side + 1]):
                mark = after + (WRONG if cell.wrong else "[" if chosen and not number else " ")
                # What is blank needs no style of its own: fewer changes of style are fewer bytes to draw.
                segments.append(Segment(mark, base if mark.isspace() else strong))
                segments.append(Segment(cell.text.rjust(width), LOST if cell.level is None else styles[cell.level]))
                after = ""
            after = "]" if chosen else " "
        return [*segments, Segment(after, strong)]


def fitted(label: str, room: int) -> str:
    """A label at the right end of that many cells, or as much of it as they take."""
    return set_cell_size(label, room) if cell_len(label) > room else rjust(label, room)


def sliced(table: Table) -> str:
    """Which slice of an array of more than two axes shows: [3,:,:]."""
    here = dict(zip(table.rest, table.fixed, strict=True))
    index = ",".join(str(here[axis]) if axis in here else ":" for axis in range(table.array.ndim))
    return f" [{index}]" + (f"  slice {table.number} of 0…{table.slices - 1}, by ( and )" if table.slices > 1 else "")
