"""LineView: a scrollable widget that draws only the lines that show, and never lays out again."""

from __future__ import annotations

from rich.style import Style
from textual.events import Click
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget


class LineView(ScrollView):
    """Base of the widgets drawn line by line. `base` is its own style, while lines are drawn."""

    base = Style()

    def render_lines(self, crop: Region) -> list[Strip]:
        # It takes longer to be made of the style sheet's rules than most lines take.
        self.base = self.rich_style
        return super().render_lines(crop)

    def set_extent(self, width: int, height: int) -> None:
        """Say how large the whole is. Set without its layout: a new size of content moves no widget."""
        size = Size(width, height)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = height
            self.horizontal_scrollbar.window_virtual_size = width
            self.scroll_to(min(self.scroll_x, self.max_scroll_x), min(self.scroll_y, self.max_scroll_y), animate=False)
        self.refresh()

    def line_at(self, click: Click) -> int:
        """The line that was clicked on; -1 beside all."""
        offset = click.get_content_offset(self)  # at the first cell of the first line it is false
        return -1 if offset is None else self.scroll_offset.y + offset.y

    def reveal(self, line: int) -> None:
        """Scroll, by as little as it takes, until a line shows."""
        height = max(1, self.scrollable_content_region.height)
        self.scroll_to(y=min(max(self.scroll_y, line - height + 1), line), animate=False)
