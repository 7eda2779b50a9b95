"""Showing: what stands on the screen, as a function of the position and of what has been checked so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from textual.widgets import Static

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Event
from mtorch.debug.report import Report
from tui.actions.running import SHORT
from tui.plain import plain
from tui.viewmodels.branching import branch_words
from tui.viewmodels.curve import loss_so_far
from tui.viewmodels.here import here
from tui.viewmodels.labels import labels
from tui.viewmodels.place import breadcrumb, top
from tui.viewmodels.strip import strip
from tui.viewmodels.table import Beside
from tui.viewmodels.tensors import LARGEST
from tui.viewmodels.verdict import summary, verdict
from tui.widgets.event_tree import EventTree
from tui.widgets.findings_list import FindingsList
from tui.widgets.line import put
from tui.widgets.tensor_panel import TensorPanel

KIND = {"wrong": "text-error", "right": "text-success", "open": "foreground"}


class Shows:
    """What the app takes from here; it is an app with a position, a trace and its widgets."""

    def show(self: Any) -> None:
        if self.position is None or self.trace is None:
            return
        (iteration, index), trace = self.position, self.trace
        report = self.session.known_report(iteration)
        put(self.query_one("#crumb", Static), self._crumb(trace.events, index, report))
        self.query_one(EventTree).show(trace, index, self.marks(report), self.stops_in(trace))
        curve, words = loss_so_far(self.session.losses, iteration, self.query_one("#loss").content_size.width)
        put(self.query_one("#loss", Static), f"{curve}\n{words}")
        self._show_tensors(trace.events[index], report)
        self.show_view()
        self._show_findings(trace.events[index], report)
        known = report is not None and self.session.known_health(iteration) is not None
        if not known and self.checking != iteration and iteration not in self.failures:
            if self._soon:
                self._soon.stop()
            self._soon = self.set_timer(SHORT, lambda: self._check_soon(iteration))

    def _crumb(self: Any, events: tuple[Event, ...], index: int, report: Report | None) -> Text:
        iteration = events[index].address.iteration
        state = summary(report, self.checking == iteration, self.session.known_health(iteration) or ())
        if self.step is not None:
            return self.crumb_beside(events, index)  # type: ignore[no-any-return]
        left = plain(branch_words(self.branches, iteration) + breadcrumb(events, index))
        return Text(top(left, state, self.size.width - 2), no_wrap=True)

    def marks(self: Any, report: Report | None) -> Mapping[int, Any]:
        """The events that are marked: those that differ from another run's, where there is one, else the wrong ones."""
        if self.step is not None:
            return self.step.differing  # type: ignore[no-any-return]
        return report.faulty if report else {}

    def _wrong(self: Any, event: Event, report: Report | None) -> Sequence[str]:
        """The tensors that are marked."""
        if self.step is not None:
            return self.step.differing.get(event.index, ())  # type: ignore[no-any-return]
        return [check.tensor for check in report.wrong.get(event.index, ())] if report else []

    def _show_tensors(self: Any, event: Event, report: Report | None) -> None:
        names, wrong = list(event.tensors), self._wrong(event, report)
        chosen = self.chosen
        start = names.index(chosen) if chosen else 0
        tabs, line = Text(no_wrap=True), self.query_one("#tabs", Static)
        for part, ours in strip(list(map(plain, names)), [n in wrong for n in names], start, line.content_size.width):
            tabs.append(part, "bold reverse" if ours else "")
        put(line, tabs if names else Text("no tensors of its own: step into it"))
        order = names[start:] + names[:start]
        missing: list[str] = []
        for number, panel in enumerate(self.query(TensorPanel)):
            if number and not panel.display:  # once there is room for it, all is shown anew
                continue
            name = order[number] if number < len(order) else ""
            array = event.tensors.get(name)
            beside, judged, note = None, None, ""
            if self.step is not None:
                beside, note = self.beside(event.index, name, array)
            elif report and array is not None and name in wrong:
                numerical = report.known_numerical(event.index, name)
                beside = None if numerical is None else Beside(numerical)
                judged = report.trace.events[event.index].tensors[name]
                failure = self.uncompared.get((report.iteration, event.index, name))
                if numerical is not None:
                    note = "✗ wrong"
                elif array.size > LARGEST:
                    note = "✗ wrong (too large to differentiate every element)"
                elif failure is not None:
                    note = f"✗ wrong (no right numbers: {plain(failure)})"
                else:
                    note = "✗ wrong, finding the right numbers …"
                    missing.append(name)
            named = () if array is None else labels(event, name, array, self.session.names)
            panel.show(name, array, beside, judged, note, named)
        if report and missing and not {(report.iteration, event.index, name) for name in missing} <= self.comparing:
            self.comparing = {(report.iteration, event.index, name) for name in missing}
            self.compare(report, event.index, missing)

    def _told_here(self: Any, event: Event) -> tuple[Finding, ...]:
        """What of the training's health points at an event."""
        health = self.session.known_health(event.address.iteration) or ()
        place = (event.address.iteration, event.index)
        return tuple(found for found in health if (found.iteration, found.event) == place)

    def here_words(self: Any) -> list[str]:
        """All that is said of the event that shows, a line each."""
        event = self.trace.events[self.position.event]
        iteration = event.address.iteration
        report, failure = self.session.known_report(iteration), self.failures.get(iteration)
        text = verdict(event, report, self._told_here(event)).text
        said = f"not checked: {failure}" if failure and report is None else text
        stopped = [f"stopped: {self.failed}"] if self.failed else []
        return list(map(plain, [*stopped, *self.said_beside, *said.split("\n"), *self.noted_here]))

    def _show_findings(self: Any, event: Event, report: Report | None) -> None:
        iteration = event.address.iteration
        health = self.session.known_health(iteration) or ()
        told = self._told_here(event)
        said = verdict(event, report, told)
        panel = self.query_one("#verdict", Static)
        room = panel.content_size
        whole = list(map(plain, event.equations))
        lines, equations = here(self.here_words(), whole, room.width, room.height)
        lost = equations != [f"  {equation}" for equation in whole]
        panel.border_title = f"here · {self.key_of('panel-7')} shows the equations" if lost else "here"
        words = Text("\n".join(lines), self.colour("text-error" if self.failed else KIND[said.kind]), no_wrap=True)
        words.append("".join(f"\n{equation}" for equation in equations), "dim")
        put(panel, words)
        findings = self.query_one(FindingsList)
        state = summary(report, self.checking == iteration)
        marked = report.marked.get(event.index, ()) if report else ()
        findings.show(iteration, (*(report.findings if report else ()), *health), (*marked, *told), state)
