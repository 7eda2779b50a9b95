"""FindingsList: an iteration's findings, on as many lines as there is room for, or whole; enter goes to one."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.strip import Strip

from mtorch.debug.diagnosis.findings import Finding
from tui.messages import Jump
from tui.plain import plain
from tui.viewmodels.here import spread
from tui.viewmodels.verdict import SIGNS
from tui.widgets.line_view import LineView

WHOLE = "-whole"


class FindingsList(LineView):
    """`words` stand there where there are no findings."""

    BINDINGS = [
        Binding("up", "along(-1)", "up", show=False, id="findings.up"),
        Binding("down", "along(1)", "down", show=False, id="findings.down"),
        Binding("enter", "app.go_to_finding", "go there", show=False, id="findings.go"),
    ]

    findings: tuple[Finding, ...] = ()
    here: tuple[Finding, ...] = ()
    words = ""
    cursor = 0
    lines: tuple[tuple[int, str], ...] = ()
    """Each line, with the number of the finding that it is of."""
    cut = False
    """Whether there is more to some of them than shows."""

    iteration = 0

    def show(self, iteration: int, findings: tuple[Finding, ...], here: tuple[Finding, ...], words: str) -> None:
        """`here` are those that show at the current event."""
        self.iteration, self.findings, self.here, self.words = iteration, findings, here, words
        self.cursor = min(self.cursor, max(0, len(findings) - 1))
        self._lay(self._here)

    @property
    def _here(self) -> int | None:
        return self.findings.index(self.here[0]) if self.here else None

    def _lay(self, finding: int | None) -> None:
        """Break the findings into lines, and show one of them, or go on where it is."""
        texts = [plain(f"{SIGNS[finding.severity]} {finding.cause}: {finding.message}") for finding in self.findings]
        region = self.scrollable_content_region
        self.lines = tuple(spread(texts, region.width - 1, None if self.has_class(WHOLE) else region.height))
        self.cut = len(self.lines) < len(tuple(spread(texts, region.width - 1, None)))
        self.set_extent(self.size.width, len(self.lines))
        if finding is not None:
            self._reveal(finding)
        self._entitle()

    def _reveal(self, finding: int) -> None:
        """Its end, and then its begin, which is what shows where there is no room for all of it."""
        own = [at for at, (number, _) in enumerate(self.lines) if number == finding]
        for line in (own[-1], own[0]) if own else ():
            self.reveal(line)

    def unfold(self) -> None:
        """Show all of each, until the focus goes elsewhere."""
        self.screen.set_focus(self)  # at once, for the next key
        self.add_class(WHOLE)

    def on_blur(self) -> None:
        self.remove_class(WHOLE)

    def on_resize(self) -> None:
        if self.findings:
            self._lay(self.cursor if self.has_class(WHOLE) else self._here)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._entitle()

    def _entitle(self) -> None:
        """Of which iteration they are, which of them show where not all do, and how to see them whole."""
        title, height = f"findings in iteration {self.iteration}", self.scrollable_content_region.height
        if 0 < height < len(self.lines):
            first = round(self.scroll_y)
            shown = [number + 1 for number, _ in self.lines[first : first + height]]
            title += f": {'…'.join(map(str, sorted({*shown[:1], *shown[-1:]})))} of {len(self.findings)}"
        if self.cut:
            title += f" · {self.app.key_of('panel-0')} shows them whole"  # type: ignore[attr-defined]
        self.border_title = title

    def action_along(self, by: int) -> None:
        self.cursor = max(0, min(len(self.findings) - 1, self.cursor + by))
        if self.findings:
            self._reveal(self.cursor)
        self.refresh()

    @property
    def chosen(self) -> Finding | None:
        return self.findings[self.cursor] if self.findings else None

    def on_click(self, click: Click) -> None:
        line = self.line_at(click)
        if 0 <= line < len(self.lines):
            self.cursor = self.lines[line][0]
            finding = self.findings[self.cursor]
            self.post_message(Jump(finding.event, finding.iteration))

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.base
        line = self.scroll_offset.y + y
        if not self.findings:
            return Strip([Segment(self.words if y == 0 else "", base)]).adjust_cell_length(width, base)
        if line >= len(self.lines):
            return Strip.blank(width, base)
        number, text = self.lines[line]
        finding, first = self.findings[number], line == 0 or self.lines[line - 1][0] != number
        style = base
        if finding in self.here:
            style += Style(bold=True)
        if self.has_focus and number == self.cursor:
            style += Style(reverse=True)
        sign = ">" if first and finding in self.here else " "
        return Strip([Segment(f"{sign}{text}", style)]).adjust_cell_length(width, style)
