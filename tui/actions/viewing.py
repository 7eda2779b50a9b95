"""Viewing: which panel has the focus, what shows beside the tensors, and how large."""

from __future__ import annotations

from typing import Any

from textual.widgets import Static

from mtorch.debug.breakpoints import SCALARS
from mtorch.errors import MtorchError, unknown
from mtorch.layers.base import Array
from tui.viewmodels.curves import plots
from tui.viewmodels.panels import PANELS
from tui.viewmodels.scene import Scene
from tui.viewmodels.views import CURVES, VIEWS
from tui.widgets.findings_list import FindingsList
from tui.widgets.line import put
from tui.widgets.lines_view import LinesView
from tui.widgets.tensor_table import TensorTable

WIDE = 180
"""Columns. From here on there is room for a view beside the tensors, and one shows from the start."""

FIRST = "3"
"""The view that does."""

ZOOMS = ("", "-half", "-full")
"""Classes of the screen: all panels; without the tree and findings; without what is said either."""


class Views:
    """What the app takes from here; it is an app with a scene."""

    view: str | None = None
    """The digit of the view that shows beside the tensors or in their place."""
    zoom = 0

    def to_panel(self: Any, digit: str) -> None:
        """The focus goes to what a digit shows, which is said."""
        if digit == "1":
            self.set_focus(self.query_one("#tree"))
        elif digit == "0":
            self.query_one(FindingsList).unfold()
        elif digit == "2":
            self.put_view(self.view if self.broad else None)
            self.set_focus(self.query(TensorTable).first())
        else:
            self.put_view(digit)
            self.set_focus(self.query_one("CurvesView" if digit == CURVES else "LinesView"))
        self.say(PANELS[digit].words)

    @property
    def broad(self: Any) -> bool:
        return bool(self.size.width >= WIDE)

    def watched(self: Any) -> dict[str, Array | None]:
        """The numbers of each iteration that watches are about; None of those that are not at hand."""
        conditions = [stop.condition for stop in self.stops.all if stop.watch and stop.condition is not None]
        names = dict.fromkeys(str(term) for condition in conditions for term in condition.terms)
        return {name: self.session.series(name) for name in names if name not in SCALARS}

    def _mount_curves(self: Any) -> None:
        from tui.widgets.curves_view import CurvesView

        if not self.query(CurvesView):
            self.query_one("#view").mount(CurvesView())

    def put_view(self: Any, digit: str | None) -> None:
        """Show a view; the tensors alone, for None."""
        self.view = digit
        if digit == CURVES:
            self._mount_curves()
        self.query_one("#view").set_class(digit == CURVES, "-curves")
        self.query_one("#right").set_class(digit is not None, "-viewing")
        self.call_after_refresh(self.show)

    def action_view(self: Any, name: str) -> None:
        """A view by its name; "tensors" for none."""
        names = {"tensors": None, **{view.name: digit for digit, view in VIEWS.items()}}
        if name not in names:
            raise MtorchError(unknown("view", name, list(names)))
        self.put_view(names[name])
        self.say(PANELS[names[name] or "2"].words)

    def scene(self: Any) -> Scene:
        table = self.query(TensorTable).first()
        state = self.session.known_state(self.position.iteration)
        return Scene(
            self.trace,
            self.position.event,
            self.session.known_report(self.position.iteration),
            self.chosen,
            table.cell,
            self.session.losses,
            getattr(state, "optimizer", {}),  # a program of somebody's has its own
            dark=self.current_theme.dark,
            colour=not self.no_color,
            names=self.session.names,
            watched=self.watched() if self.view == CURVES else {},
        )

    def show_view(self: Any) -> None:
        """Draw the view, if one shows."""
        if self.view is None or self.position is None or self.trace is None:
            return
        view, scene = VIEWS[self.view], self.scene()
        put(self.query_one("#view .title", Static), view.title(scene))
        if view.lines is None:
            panel = self.query_one("CurvesView")
            panel.show(plots(scene, panel.columns))
            return
        panel = self.query_one(LinesView)
        region = panel.scrollable_content_region
        panel.show(view.lines(scene, max(1, region.width), max(1, region.height)))

    def action_zoom(self: Any, by: int) -> None:
        """More of the screen for what has the focus, or less."""
        self.zoom = max(0, min(len(ZOOMS) - 1, self.zoom + by))
        on_tree = self.focused is self.query_one("#tree")
        for number, name in enumerate(ZOOMS[1:], 1):
            self.screen.set_class(self.zoom >= number, name)
        self.screen.set_class(bool(self.zoom) and on_tree, "-on-tree")
        self.call_after_refresh(self.show)
