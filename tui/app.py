"""The debugger's screen: wiring between the session, the viewmodels and the widgets."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any, ClassVar

from rich.filesize import decimal
from rich.text import Text
from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Footer, Input, Static
from textual.worker import Worker, get_current_worker

from mtorch.debug.branches import Branches
from mtorch.debug.breakpoints import Breakpoints
from mtorch.debug.events import Address, Event, Trace
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session, Stopped
from mtorch.debug.sources import Place, sources
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui import leaving
from tui.commands import parse
from tui.guest import GuestError, what
from tui.messages import Arrived, Checked, Compared, Jump, Running, Traced
from tui.notebook import Notebook
from tui.notes import Notes
from tui.plain import plain
from tui.screens.help import HelpScreen
from tui.stops import Stops
from tui.viewmodels.branching import branch_words
from tui.viewmodels.curve import loss_so_far
from tui.viewmodels.here import here
from tui.viewmodels.place import breadcrumb
from tui.viewmodels.strip import strip
from tui.viewmodels.tensors import beside, choose
from tui.viewmodels.verdict import summary, verdict
from tui.viewmodels.way import opening, title
from tui.whatif import WhatIf
from tui.whence import Whence
from tui.widgets.command_line import CommandLine
from tui.widgets.event_tree import EventTree
from tui.widgets.findings_list import FindingsList
from tui.widgets.tensor_panel import TensorPanel
from tui.widgets.tensor_table import TensorTable

Job = Callable[[Going], "tuple[Position, str]"]
"""A run to somewhere: where it comes out, and what is to be said of it."""

Compare = tuple[int, int, str]
"""A wrong gradient: its iteration, its event, its name."""

SHORT = 0.05
"""Seconds. A run that should take less happens at once; any other in a worker."""

HEARD = 2.0
"""Seconds that something said stays before a run's progress takes its place."""

FAR = 100
"""Iterations that one press of c checks before it says that it found nothing."""

LARGEST = 200_000
"""Elements. Larger tensors are not differentiated element by element."""

KIND = {"wrong": "text-error", "right": "text-success", "open": "foreground"}


class DebuggerApp(Stops, Notes, Whence, WhatIf, App[None]):
    """A session on a screen. Its state: a position, a tensor's name, and what is under way."""

    CSS_PATH = "styles/app.tcss"
    TITLE = "mtorch"
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (80, "-enough"), (120, "-broad")]
    VERTICAL_BREAKPOINTS: ClassVar = [(0, "-low"), (24, "-short"), (36, "-tall"), (50, "-huge")]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "move('into')", "step", id="step", tooltip="step: the next event, inside this one if it has any"),
        Binding("S", "move('back-into')", "back", id="reverse-step", tooltip="step back: the event before"),
        Binding("n", "move('over')", "next", id="next", tooltip="next: over what is inside this event"),
        Binding("N", "move('back-over')", show=False, id="reverse-next", tooltip="back over what is inside"),
        Binding("f", "move('finish')", "finish", id="finish", tooltip="finish: out of the layer we are in, forwards"),
        Binding("F", "move('back-finish')", show=False, id="reverse-finish", tooltip="out of it, backwards"),
        Binding(
            "c",
            "continue",
            "run",
            id="continue",
            tooltip="continue: run to the next breakpoint; without any, finding",
        ),
        Binding(
            "C",
            "reverse_continue",
            show=False,
            id="reverse-continue",
            tooltip="back to the breakpoint or finding before",
        ),
        Binding("b", "break_here", show=False, id="break", tooltip="break: a breakpoint here; enter sets it"),
        Binding("x", "whence_here", show=False, id="whence", tooltip="where a number comes from: its terms"),
        Binding("w", "command('watch ')", show=False, id="watch", tooltip="watch: stop where a condition comes true"),
        Binding(
            "right_curly_bracket",
            "iteration(1)",
            "iter",
            key_display="}",
            id="next-iteration",
            tooltip="the same event of the next iteration",
        ),
        Binding(
            "left_curly_bracket",
            "iteration(-1)",
            show=False,
            key_display="{",
            id="previous-iteration",
            tooltip="the same event of the iteration before",
        ),
        Binding(
            "right_square_bracket",
            "tensor(1)",
            "tensor",
            key_display="]",
            id="next-tensor",
            tooltip="the event's next tensor",
        ),
        Binding(
            "left_square_bracket",
            "tensor(-1)",
            show=False,
            key_display="[",
            id="previous-tensor",
            tooltip="the event's tensor before",
        ),
        Binding("h", "scroll_table(-1, 0)", show=False, id="left", tooltip="scroll the table left"),
        Binding("j", "scroll_table(0, 1)", show=False, id="down", tooltip="scroll the table down"),
        Binding("k", "scroll_table(0, -1)", show=False, id="up", tooltip="scroll the table up"),
        Binding("l", "scroll_table(1, 0)", show=False, id="right", tooltip="scroll the table right"),
        # With priority, so that what is typed right after it, or pasted with it, finds the command line open.
        Binding("colon", "command", "goto", key_display=":", id="command", priority=True, tooltip="a command line"),
        Binding(
            "escape", "stop", show=False, key_display="esc", id="stop", tooltip="stop a run; close the command line"
        ),
        Binding("question_mark", "help", "help", key_display="?", id="help", tooltip="this help"),
        Binding("q", "quit", "quit", id="quit", tooltip="leave"),
    ]

    def __init__(self, session: Session, target: str, notebook: Notebook | None = None) -> None:
        super().__init__()
        self.session, self.target = session, target
        self.notebook = notebook or Notebook(None)
        self.stops = Breakpoints.from_texts(self.notebook.left.get("breakpoints"))
        self.branches, self.shown = Branches(session), session
        self.branches.restore(self.notebook.branches)
        self.position: Position | None = None
        self.trace: Trace | None = None
        self.tensor: str | None = None
        self.running: Worker[None] | None = None
        self.checking: int | None = None
        self.failures: dict[int, str] = {}
        self.failed = self.warned = self.known = ""
        self._told = 0.0
        self.comparing: set[Compare] = set()
        self.uncompared: dict[Compare, str] = {}
        self._soon: Timer | None = None

    def run(self, **options: Any) -> None:
        """Until the user leaves; a check that is under way then holds nobody up."""
        leaving.run(self.run_async(**options))

    def compose(self) -> ComposeResult:
        yield Static(id="crumb", markup=False)
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield EventTree(id="tree")
                yield Static(id="loss", markup=False)
            with Vertical(id="right"):
                yield Static(id="tabs", markup=False)
                yield TensorPanel(id="panel1")
                yield TensorPanel(id="panel2")
                yield TensorPanel(id="panel3")
        yield Static(id="verdict", markup=False)
        yield FindingsList(id="findings")
        yield Static(id="status", markup=False)
        with Horizontal(id="line"):
            yield Static(":", id="prompt", markup=False)
            yield CommandLine(id="command", compact=True, placeholder="goto 0 backward rnn t=3", select_on_focus=False)
        yield Footer(compact=True, show_command_palette=False)
        yield Static(id="small", markup=False)

    def on_mount(self) -> None:
        self.query_one("#loss").border_title = title(self.session.way)
        self.query_one("#verdict").border_title = "here"
        self.theme_changed_signal.subscribe(self, lambda _: self.show())
        self.query_one("#tree").focus()
        self.say(f"{self.target}: running its first iteration …")
        self.run_far(self._start)

    def _start(self, going: Going) -> tuple[Position, str]:
        """Where the user left off, if the run says so, and that is still there."""
        taken = {"notes": self.notebook.notes, "branches": self.branches.made, "breakpoints": self.stops.all}
        unread = self.notebook.unread({kind: len(entries) for kind, entries in taken.items()})
        with contextlib.suppress(MtorchError):
            if self.notebook.branch:
                self.enter(self.notebook.branch, Position(self.notebook.first), going)
            if self.notebook.position:
                address = Address.parse(self.notebook.position)
                if address.iteration <= len(self.session.losses) + FAR:  # a file may say anything
                    return self.session.goto(address, going), unread or "where you left off"
        return Position(self.notebook.first, 0), unread or opening(self.session.way, self.session.why)

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.query_one("#small", Static).update(
            f"mtorch needs a terminal of 80x24.\nThis one is {width}x{height}: make it larger, and go on.", layout=False
        )
        self.call_after_refresh(self.show)

    # What shows: a function of the position, and of what has been checked so far.

    def show(self) -> None:
        if self.position is None or self.trace is None:
            return
        (iteration, index), trace = self.position, self.trace
        report = self.session.known_report(iteration)
        self.query_one("#crumb", Static).update(self._crumb(trace.events, index, report), layout=False)
        self.query_one(EventTree).show(trace, index, report)
        curve, words = loss_so_far(self.session.losses, iteration, self.query_one("#loss").content_size.width)
        self.query_one("#loss", Static).update(f"{curve}\n{words}", layout=False)
        self._show_tensors(trace.events[index], report)
        self._show_findings(trace.events[index], report)
        known = report is not None and self.session.known_health(iteration) is not None
        if not known and self.checking != iteration and iteration not in self.failures:
            if self._soon:
                self._soon.stop()
            self._soon = self.set_timer(SHORT, lambda: self._check_soon(iteration))

    def _crumb(self, events: tuple[Event, ...], index: int, report: Report | None) -> Text:
        iteration = events[index].address.iteration
        state = summary(report, self.checking == iteration, self.session.known_health(iteration) or ())
        left = plain(branch_words(self.branches, iteration) + breadcrumb(events, index))
        room = max(1, self.size.width - 2 - len(state))
        return Text(left[: room - 1].ljust(room) + state, no_wrap=True)

    def _wrong(self, event: Event, report: Report | None) -> list[str]:
        return [check.tensor for check in report.wrong.get(event.index, ())] if report else []

    def _show_tensors(self, event: Event, report: Report | None) -> None:
        names, wrong = list(event.tensors), self._wrong(event, report)
        chosen = self.tensor if self.tensor in names else choose(event, wrong, None)
        start = names.index(chosen) if chosen else 0
        tabs, line = Text(no_wrap=True), self.query_one("#tabs", Static)
        for part, ours in strip(list(map(plain, names)), [n in wrong for n in names], start, line.content_size.width):
            tabs.append(part, "bold reverse" if ours else "")
        line.update(tabs if names else Text("no tensors of its own: step into it"), layout=False)
        order = names[start:] + names[:start]
        missing: list[str] = []
        for number, panel in enumerate(self.query(TensorPanel)):
            name = order[number] if number < len(order) else ""
            array = event.tensors.get(name)
            numerical, judged, note = None, None, ""
            if report and array is not None and name in wrong:
                numerical = report.known_numerical(event.index, name)
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
                    if panel.display:
                        missing.append(name)
            panel.show(name, array, numerical, judged, note)
        if report and missing and not {(report.iteration, event.index, name) for name in missing} <= self.comparing:
            self.comparing = {(report.iteration, event.index, name) for name in missing}
            self.compare(report, event.index, missing)

    def _show_findings(self, event: Event, report: Report | None) -> None:
        iteration = event.address.iteration
        health = self.session.known_health(iteration) or ()
        told = tuple(found for found in health if (found.iteration, found.event) == (iteration, event.index))
        said = verdict(event, report, told)
        failure = self.failures.get(iteration)
        text = f"not checked: {failure}" if failure and report is None else said.text
        panel = self.query_one("#verdict", Static)
        room = panel.content_size
        stopped = [f"stopped: {plain(self.failed)}"] if self.failed else []
        said_here = map(plain, [*text.split("\n"), *self.noted_here])
        lines, equations = here([*stopped, *said_here], map(plain, event.equations), room.width, room.height)
        words = Text("\n".join(lines), self.colour("text-error" if self.failed else KIND[said.kind]), no_wrap=True)
        words.append("".join(f"\n{equation}" for equation in equations), "dim")
        panel.update(words, layout=False)
        findings = self.query_one(FindingsList)
        state = summary(report, self.checking == iteration)
        marked = report.marked.get(event.index, ()) if report else ()
        findings.show(iteration, (*(report.findings if report else ()), *health), (*marked, *told), state)

    def colour(self, name: str) -> str:
        """A colour of the theme, for rich."""
        return Color.parse(self.theme_variables[name]).rich_color.name

    def say(self, words: str) -> None:
        """In the status line; what is said during a run stays there for a while before the run has its say again."""
        self._told = time.monotonic() if self.running is not None else 0.0
        self._put(words)

    def _put(self, words: str) -> None:
        self.query_one("#status", Static).update(Text(plain(words), no_wrap=True, overflow="ellipsis"), layout=False)

    # Going somewhere.

    def free(self) -> Position | None:
        """Where we are, if a run can be begun from there; says so where one is under way."""
        if self.running is not None:
            self.say("still running: esc stops it")
            return None
        return self.position

    def go(self, job: Job, iteration: int) -> None:
        """Run a job that needs the given iteration's trace: at once where that is short, else in a worker."""
        if self.running is not None:
            self.free()
        elif self.session.distance(iteration) * self.session.seconds > SHORT:
            self.say(f"running to iteration {iteration} … esc stops")
            self.run_far(job)
        else:
            try:
                self.arrive(*job(lambda _: True))
            except BaseException as error:  # a user's own layers may raise anything, sys.exit too
                self.fail(error)

    @work(thread=True, group="run", exit_on_error=False)
    def _run(self, job: Job) -> None:
        worker, told, trained = get_current_worker(), time.monotonic(), len(self.session.losses)

        def going(iteration: int) -> bool:
            nonlocal told
            if time.monotonic() - told > 0.1:
                told = time.monotonic()
                self.post_message(Running(iteration))
            return not worker.is_cancelled

        try:
            position, words = job(going)
            self.session.trace(position.iteration, going)
            self.post_message(Arrived(position, words))
        except Stopped:
            now = len(self.session.losses)
            self.post_message(Arrived(None, f"stopped; trained to iteration {now}" if now > trained else "stopped"))
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.post_message(Arrived(None, error=error))

    def run_far(self, job: Job) -> None:
        self.known = ""
        self.running = self._run(job)

    def fail(self, error: BaseException) -> None:
        """Say why a move came to nothing. What a layer raised stays on the screen until the place changes."""
        self.say(what(error))
        if isinstance(error, GuestError) or not isinstance(error, MtorchError):
            self.failed = what(error)
            self.show()

    def arrive(self, position: Position, words: str) -> None:
        # Kept here, because the session is not to be had while it runs.
        self.trace = self.session.trace(position.iteration)
        if self.shown is not self.session:
            self.shown = self.session
            self._forget_checks()
        if self.position is None or position.iteration != self.position.iteration:
            self.checking = None
        if position != self.position:
            self.tensor, self.failed = None, ""
        self.position = position
        if self.session.inexact is not None and not words:
            words = f"careful: iteration {self.session.inexact} came out otherwise when it was run again"
        self.say(words)
        self.show()

    def _forget_checks(self) -> None:
        """Another branch shows: what is known of the other's iterations, or under way, doesn't hold for it."""
        for group in ("check", "compare"):
            self.workers.cancel_group(self, group)
        self.checking = None
        for known in (self.failures, self.comparing, self.uncompared):
            known.clear()

    @on(Arrived)
    def _arrived(self, message: Arrived) -> None:
        self.running = None
        if message.error is not None:
            self.fail(message.error)
        elif message.position is None and self.position is None:  # stopped before there was anything to see
            self.run_far(lambda _: (Position(self.notebook.first, 0), message.words))
        elif message.position is None:
            self.say(message.words)
        else:
            self.arrive(message.position, message.words)

    @on(Running)
    def _still_running(self, message: Running) -> None:
        if self.running is not None and time.monotonic() - self._told > HEARD:
            self._put(f"iteration {message.iteration} … esc stops" + (self.known and f"; {self.known}"))

    @on(Jump)
    def _jump(self, message: Jump) -> None:
        if self.position is not None:
            iteration = self.position.iteration if message.iteration is None else message.iteration
            self.go(lambda _: (Position(iteration, message.event), ""), iteration)

    # The check.

    def _check_soon(self, iteration: int) -> None:
        if self.position is not None and self.position.iteration == iteration and self.checking != iteration:
            self.checking = iteration
            self.check(self.session, iteration)
            self.show()

    @work(thread=True, exclusive=True, group="check", exit_on_error=False)
    def check(self, session: Session, iteration: int) -> None:
        """Of a session, as another branch may have come into view meanwhile."""
        worker = get_current_worker()
        try:
            session.report(iteration, lambda _: not worker.is_cancelled)
            self.post_message(Checked(session, iteration, more=True))
            session.health(iteration, lambda _: not worker.is_cancelled)
            self.post_message(Checked(session, iteration))
        except Stopped:
            return
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.post_message(Checked(session, iteration, what(error)))

    @on(Checked)
    def _checked(self, message: Checked) -> None:
        if message.session is not self.session:
            return
        if self.checking == message.iteration and not message.more:
            self.checking = None
        if message.failure:
            self.failures[message.iteration] = message.failure
        self.show()

    @work(thread=True, exclusive=True, group="compare", exit_on_error=False)
    def compare(self, report: Report, event: int, tensors: list[str]) -> None:
        worker = get_current_worker()
        for tensor in tensors:
            if worker.is_cancelled:
                return
            try:
                with self.session.trying():
                    found = report.numerical(event, tensor)
                failure = "nothing to compare with" if found is None else ""
            except BaseException as error:  # a user's own layers may raise anything, sys.exit too
                failure = what(error)
            self.post_message(Compared(report.iteration, event, tensor, failure))

    @on(Compared)
    def _compared(self, message: Compared) -> None:
        key = (message.iteration, message.event, message.tensor)
        self.comparing.discard(key)
        if message.failure:
            self.uncompared[key] = message.failure
        if self.position == (message.iteration, message.event):
            self.show()

    # Actions.

    def action_move(self, move: str, times: int = 1) -> None:
        """Move that many times, or as far as there is something before."""
        if (at := self.position) is None:
            return

        def job(going: Going) -> tuple[Position, str]:
            there = at
            for number in range(times):
                # A move asks only where iterations run on the way; most moves run none.
                if number % 256 == 255 and not going(there.iteration):
                    raise Stopped
                before, there = there, self.session.move(there, move, going)
                if there == before:
                    return there, "this is the start of the run"
            return there, ""

        if times == 1:
            self.go(job, at.iteration + 1)
        elif self.free() is not None:
            self.say(f"{times} times … esc stops")
            self.run_far(job)

    def action_iteration(self, by: int) -> None:
        if (at := self.position) is None:
            return
        there = Position(at.iteration + by, at.event)
        if there.iteration < 0:
            self.say("this is the first iteration")
        else:
            self.go(lambda going: (self.session.nearest(there, going), ""), there.iteration)

    def action_continue(self) -> None:
        if (at := self.free()) is None:
            return
        if self.stops.enabled:
            self.run_to_hit(at, back=False)
            return

        def job(going: Going) -> tuple[Position, str]:
            end = at.iteration + FAR
            try:
                return self.session.next_finding(at, lambda i: i < end and going(i)), ""
            except Stopped:
                if not going(end):
                    raise
                return Position(end, 0), f"no finding in iterations {at.iteration}…{end - 1}; c goes on"

        self.say("checking … esc stops")
        self.run_far(job)

    def action_reverse_continue(self) -> None:
        if (at := self.free()) is None:
            return
        if self.stops.enabled:
            self.run_to_hit(at, back=True)
            return

        def job(going: Going) -> tuple[Position, str]:
            found = self.session.previous_finding(at, going)
            return (at, "no finding before this one") if found is None else (found, "")

        self.say("checking … esc stops")
        self.run_far(job)

    def action_goto(self, words: str) -> None:
        address = Address.parse(words)
        self.go(lambda going: (self.session.goto(address, going), ""), address.iteration)

    def look_at(self, tensor: str, cell: tuple[int, ...]) -> None:
        """Show a tensor of this event, with a cell chosen."""
        self.tensor = tensor
        self.show()
        self.query(TensorTable).first().choose(cell)

    @work(thread=True, exclusive=True, group="sources", exit_on_error=False)
    def find_sources(self, trace: Trace, place: Place) -> None:
        try:
            with self.session.trying():
                found = sources(trace, place)
            self.post_message(Traced(trace.iteration, found))
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.post_message(Traced(trace.iteration, None, what(error)))

    @on(Traced)
    def _sources_found(self, message: Traced) -> None:
        if message.found is None:
            self.say(message.failure)
        else:
            self.show_sources(message.iteration, message.found)

    @property
    def left(self) -> dict[str, Any]:
        """What is to be found again when the run is opened again, besides notes."""
        branches = [branch.texts() for branch in self.branches.made.values()]
        left: dict[str, Any] = {}
        if self.address:
            left |= {"position": self.address, "breakpoints": self.stops.as_texts()}
        if branches or "branches" in self.notebook.left:
            made = {name: self.branches.known(name) for name in self.branches.made}
            lengths = {name: len(session.losses) for name, session in made.items() if session}
            left |= {"branches": branches, "branch": self.branches.current}
            left["lengths"] = {**self.notebook.lengths, **lengths}
        return left

    @property
    def address(self) -> str:
        """Where the screen is; "" before it is anywhere."""
        return str(self.trace.events[self.position.event].address) if self.trace and self.position else ""

    def action_save(self, path: str) -> None:
        if self.free() is None:
            return
        try:
            size = self.notebook.save(self.branches.trunk, os.path.expanduser(path), self.left)
        except Exception as error:  # the target's own file may be gone, its batches may raise anything
            self.say(what(error))
            return
        self.warned = ""
        count, where = len(self.branches.trunk.losses), self.notebook.saved
        self.say(f"{count} iterations are in {where} ({decimal(size)}); mtorch replay opens it")

    @property
    def chosen(self) -> str | None:
        """The tensor that shows first, None where there is none."""
        if self.position is None or self.trace is None:
            return None
        event = self.trace.events[self.position.event]
        report = self.session.known_report(self.position.iteration)
        return self.tensor if self.tensor in event.tensors else choose(event, self._wrong(event, report), None)

    def action_tensor(self, by: int) -> None:
        if self.position is None or self.trace is None:
            return
        self.tensor = beside(list(self.trace.events[self.position.event].tensors), self.chosen, by)
        self.show()

    def action_scroll_table(self, columns: int, rows: int) -> None:
        self.query(TensorTable).first().action_scroll_cells(columns, rows)

    def action_stop(self) -> None:
        if self.running is not None:
            self.running.cancel()
            self.say("stopping …")

    def action_help_quit(self) -> None:
        """Textual's action for Ctrl-C, which shows a notice of its own there."""
        if self.running is not None:
            self.action_stop()
        else:
            self.say("q quits")

    async def action_quit(self) -> None:
        """Leave; but once say what would be lost."""
        lost = self.notebook.unsaved(self.left)
        if lost and lost != self.warned:
            self.warned = lost
            self.say(lost)
        else:
            await super().action_quit()

    def action_help(self) -> None:
        self.push_screen(HelpScreen(b for b in self.BINDINGS if isinstance(b, Binding)))

    # The command line.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon is a colon where text is typed."""
        return not (action == "command" and (isinstance(self.focused, Input) or self.screen.is_modal))

    def action_command(self, words: str = "") -> None:
        line = self.query_one("#command", Input)
        line.value, line.cursor_position = words, len(words)
        self._swap(line, True)

    def _swap(self, line: Input, to_input: bool) -> None:
        self.query_one("#line").display, self.query_one("#status").display = to_input, not to_input
        # At once, not by focus(), which comes after keys that have been typed already.
        self.screen.set_focus(line if to_input else self.query_one("#tree"))

    def action_close_command(self) -> None:
        self._swap(self.query_one("#command", Input), False)

    @on(Input.Submitted, "#command")
    async def _command(self, message: Input.Submitted) -> None:
        self._swap(message.input, False)
        if not message.value.strip():
            return
        try:
            command, rest = parse(message.value)
            if command.move:
                self.action_move(command.move, int(rest or 1))
            elif command.takes:
                getattr(self, f"action_{command.action}")(rest)
            else:
                await self.run_action(command.action)
        except MtorchError as error:
            self.say(str(error))
