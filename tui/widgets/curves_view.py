"""CurvesView: plots one below another. Imported late: what draws plots takes time to import."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Grid, Vertical, VerticalScroll
from textual.strip import Strip
from textual.widgets import Static
from textual_hires_canvas import Canvas, HiResMode
from textual_plot import PlotWidget
from textual_plot.plot_widget import Legend

from tui.messages import Resized
from tui.viewmodels.curves import Plot
from tui.widgets.lines_view import COLOURS

MOST = 8
"""Plots."""

LOW = 9
"""Lines that one needs."""


class Sheet(Canvas):
    """A Canvas whose lines have a style before it was ever drawn on: without one, NO_COLOR ends in an error."""

    def render_line(self, y: int) -> Strip:
        drawn = self._canvas_size.area and y < self._canvas_size.height
        return super().render_line(y) if drawn else Strip.blank(self.size.width, self.rich_style)


class Chart(PlotWidget, can_focus=False):
    """Shows a Plot, which may be given before it is mounted."""

    DEFAULT_CSS = "Chart { height: 1fr; }"
    given: Plot | None = None

    def compose(self) -> ComposeResult:
        with Grid():
            for part in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield Sheet(1, 1, id=part)
        yield Legend(id="legend")

    def on_mount(self) -> None:
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, 9
        self.call_after_refresh(self.draw)  # a PlotWidget clears itself as it is mounted

    def show(self, plot: Plot) -> None:
        if self.given is None or not self.given.same(plot):
            self.given = plot
            if self.is_mounted:
                self.draw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.given is not None and self.is_mounted:
            self.draw()  # in the colours of another theme

    def draw(self) -> None:
        if (plot := self.given) is None:
            return
        colour = self.app.colour  # type: ignore[attr-defined]
        self.clear()
        self.set_xlimits(*plot.x)
        self.set_xticks(plot.ticks)
        self.set_ylimits(*plot.y)
        if plot.at is not None:
            self.add_v_line(plot.at, "dim")
        for curve in plot.curves:
            style = colour(COLOURS.get(curve.kind, "foreground"))
            if len(curve.x) > 1:
                self.plot(curve.x, curve.y, style, HiResMode.BRAILLE)
            if curve.mark or len(curve.x) == 1:
                self.scatter(curve.x, curve.y, curve.mark or "•", style)


class Captioned(Vertical):
    """A plot below a line about it."""

    DEFAULT_CSS = "Captioned Static { height: 1; padding: 0 1; }"

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self.given = plot

    def compose(self) -> ComposeResult:
        yield Static(markup=False, classes="caption")
        yield Chart(allow_pan_and_zoom=False)

    def show(self, plot: Plot) -> None:
        self.given = plot
        if self.is_mounted:
            self.on_mount()

    def on_mount(self) -> None:
        self.query_one(".caption", Static).update(self.given.caption, layout=False)
        self.query_one(Chart).show(self.given)


class CurvesView(VerticalScroll):
    """Plots one below another; what there is no room for is there to scroll to."""

    DEFAULT_CSS = """
    CurvesView { height: 1fr; scrollbar-size-vertical: 1; }
    CurvesView:focus { background-tint: $foreground 5%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.captioned: list[Captioned] = []

    @property
    def columns(self) -> int:
        return max(1, self.size.width)

    def show(self, plots: Sequence[Plot]) -> None:
        """Only where there are more or fewer of them than before is there anything to lay out."""
        plots = plots[:MOST]
        while len(self.captioned) > len(plots):
            self.captioned.pop().remove()
        for captioned, plot in zip(self.captioned, plots, strict=False):
            captioned.show(plot)
        for plot in plots[len(self.captioned) :]:
            self.captioned.append(Captioned(plot))
            self.mount(self.captioned[-1])
        height = max(LOW, self.size.height // max(1, len(plots)))
        for captioned in self.captioned:
            captioned.styles.height = height

    def on_resize(self) -> None:
        self.post_message(Resized())
