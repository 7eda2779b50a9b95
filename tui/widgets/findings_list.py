"""FindingsList: an iteration's findings, one a line; enter goes to where one shows."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.strip import Strip

from mtorch.debug.diagnosis.findings import Finding
from tui.messages import Jump
from tui.plain import plain
from tui.viewmodels.here import cut
from tui.viewmodels.verdict import SIGNS
from tui.widgets.line_view import LineView


class FindingsList(LineView):
    """`words` stand there where there are no findings."""

    BINDINGS = [
        Binding("up", "along(-1)", "up", show=False, id="findings.up"),
        Binding("down", "along(1)", "down", show=False, id="findings.down"),
        Binding("enter,space", "go", "go there", show=False, id="findings.go"),
    ]

    findings: tuple[Finding, ...] = ()
    here: tuple[Finding, ...] = ()
    words = ""
    cursor = 0

    iteration = 0

    def show(self, iteration: int, findings: tuple[Finding, ...], here: tuple[Finding, ...], words: str) -> None:
        """`here` are those that show at the current event."""
        self.iteration, self.findings, self.here, self.words = iteration, findings, here, words
        self.cursor = min(self.cursor, max(0, len(findings) - 1))
        self.set_extent(self.size.width, len(findings))
        if here:
            self.reveal(findings.index(here[0]))
        self._entitle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._entitle()

    def _entitle(self) -> None:
        """Of which iteration they are, and which of them show where not all do."""
        title, height = f"findings in iteration {self.iteration}", self.scrollable_content_region.height
        if 0 < height < len(self.findings):
            first = round(self.scroll_y) + 1
            title += f": {first}…{min(first + height - 1, len(self.findings))} of {len(self.findings)}"
        self.border_title = title

    def action_along(self, by: int) -> None:
        self.cursor = max(0, min(len(self.findings) - 1, self.cursor + by))
        self.reveal(self.cursor)
        self.refresh()

    def action_go(self) -> None:
        if self.findings:
            finding = self.findings[self.cursor]
            self.post_message(Jump(finding.event, finding.iteration))

    def on_click(self, click: Click) -> None:
        offset = click.get_content_offset(self)
        line = self.scroll_offset.y + offset.y if offset else -1
        if 0 <= line < len(self.findings):
            self.cursor = line
            self.action_go()

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.base
        line = self.scroll_offset.y + y
        if not self.findings:
            return Strip([Segment(self.words if y == 0 else "", base)]).adjust_cell_length(width, base)
        if line >= len(self.findings):
            return Strip.blank(width, base)
        finding = self.findings[line]
        style = base
        if finding in self.here:
            style += Style(bold=True)
        if self.has_focus and line == self.cursor:
            style += Style(reverse=True)
        sign = ">" if finding in self.here else " "
        text = plain(f"{SIGNS[finding.severity]} {finding.cause}: {finding.message}")
        return Strip([Segment(cut(f"{sign}{text}", width), style)]).adjust_cell_length(width, style)
