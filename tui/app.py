"""The debugger's screen: its widgets, its state, and its start."""

from __future__ import annotations

import contextlib
import time
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Horizontal, Vertical
from textual.events import Event, Key, Resize
from textual.geometry import Size
from textual.timer import Timer
from textual.widgets import Static

from mtorch.debug.branches import Branches
from mtorch.debug.breakpoints import Breakpoints
from mtorch.debug.events import Address, Trace
from mtorch.debug.lockstep import Other
from mtorch.debug.session import Going, Session
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.actions.background import Background
from tui.actions.cells import Cells
from tui.actions.counting import Counts
from tui.actions.diffing import Diffs
from tui.actions.exporting import Exports
from tui.actions.following import Follows
from tui.actions.judging import Judges
from tui.actions.keeping import Keeps
from tui.actions.moving import FAR, Moves
from tui.actions.notes import Notes
from tui.actions.playing import Plays
from tui.actions.prompt import Prompt
from tui.actions.running import Runs
from tui.actions.searching import Searches
from tui.actions.showing import Shows
from tui.actions.stops import Stops
from tui.actions.tensors import Tensors
from tui.actions.touring import Tours
from tui.actions.typing import Types
from tui.actions.viewing import FIRST, WIDE, Views
from tui.actions.whatif import WhatIf
from tui.actions.whence import Whence
from tui.command_file import CommandFile
from tui.commands import COMMANDS
from tui.config import Config
from tui.frame import Frame
from tui.history import History
from tui.keymap import KEYS, grouped, keys_now
from tui.notebook import Notebook
from tui.palette import Everything
from tui.plain import plain
from tui.screens.help import HelpScreen
from tui.viewmodels.help import Entry
from tui.viewmodels.way import opening, title
from tui.widgets.command_line import CommandLine
from tui.widgets.event_tree import EventTree
from tui.widgets.findings_list import FindingsList
from tui.widgets.footer import Footer
from tui.widgets.line import put
from tui.widgets.lines_view import LinesView
from tui.widgets.tabs import Tabs
from tui.widgets.tensor_panel import TensorPanel


class DebuggerApp(
    Frame,  # the first, or Python would not let a frame become one
    Tours,
    Counts,
    Types,
    Runs,
    Background,
    Judges,
    Moves,
    Shows,
    Tensors,
    Views,
    Prompt,
    Stops,
    Notes,
    Whence,
    WhatIf,
    Cells,
    Diffs,
    Keeps,
    Exports,
    Searches,
    Plays,
    Follows,
):
    """A session on a screen. Its state: a position, a tensor's name, and what is under way.

    What it does is in `tui/actions/`, a subject a class.
    """

    COMMANDS: ClassVar = {Everything}

    def __init__(
        self,
        session: Session,
        target: str,
        notebook: Notebook | None = None,
        *,
        begin: Position | None = None,
        other: Other | None = None,
        history: History | None = None,
        config: Config | None = None,
        script: CommandFile | None = None,
        tour: bool = False,
    ) -> None:
        super().__init__(config)
        self.take(session, target, notebook, begin=begin, other=other, history=history, script=script, tour=tour)

    def take(
        self,
        session: Session,
        target: str,
        notebook: Notebook | None = None,
        *,
        begin: Position | None = None,
        other: Other | None = None,
        history: History | None = None,
        script: CommandFile | None = None,
        tour: bool = False,
    ) -> None:
        """It opens at `begin`, else where the user left off, else at the run's start."""
        self.script, self.typed, self.tour = script, [], tour
        self.session, self.target, self.opening = session, target, begin
        self.history = history or History()
        self.notebook = notebook or Notebook(None)
        self.stops = Breakpoints.from_texts(self.notebook.left.get("breakpoints"))
        self.branches, self.shown = Branches(session), session
        self.branches.restore(self.notebook.branches)
        self.other = other
        self.position: Position | None = None
        self.trace: Trace | None = None
        self.tensor: str | None = None
        self.checking: int | None = None
        self.failures: dict[int, str] = {}
        self.failed = self.warned = self.said = ""
        self._told = 0.0
        self.comparing, self.uncompared = set(), {}
        self._soon: Timer | None = None
        self._sized: Size | None = None
        self._colours: dict[tuple[str, str], str] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="crumb", markup=False)
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield EventTree(id="tree")
                yield Static(id="loss", markup=False)
            with Vertical(id="right"):
                with Vertical(id="tensors"):
                    yield Tabs(id="tabs", markup=False)
                    yield TensorPanel(id="panel1")
                    yield TensorPanel(id="panel2")
                    yield TensorPanel(id="panel3")
                with Vertical(id="view"):
                    yield Static(classes="title", markup=False)
                    yield LinesView()
        yield Static(id="verdict", markup=False)
        yield FindingsList(id="findings")
        yield Static(id="tour", markup=False)
        yield Static(id="status", markup=False)
        with Horizontal(id="line"):
            yield Static(":", id="prompt", markup=False)
            yield CommandLine(
                self.candidates,
                self.history,
                id="command",
                compact=True,
                select_on_focus=False,
            )
        yield Footer()
        yield Static(id="small", markup=False)

    def begin(self) -> None:
        self.write_numbers(self.config.format)
        self.query_one("#loss").border_title = title(self.session.way)
        self.query_one("#verdict").border_title = "here"
        self.theme_changed_signal.subscribe(self, lambda _: self.show())
        self.query_one("#tree").focus()
        if self.other or self.notebook.position or self.notebook.branch or self.session.distance(self.first):
            self.say(f"{self.target}: running its first iteration …")
            self.run_far(self._start)
        else:
            self.arrive(*self._start(lambda _: True))
        if self.tour:
            self.action_tour()
        if self.script:
            self.run_worker(self.follow(self.script), group="follow", exit_on_error=False)

    @property
    def first(self) -> int:
        """The iteration at which it opens where nothing else is said."""
        return self.opening.iteration if self.opening is not None else self.notebook.first

    def _start(self, going: Going) -> tuple[Position, str]:
        """Where the user left off, if the run says so, and that is still there."""
        if self.opening is not None:
            return self.session.nearest(self.opening, going), ""
        taken = {"notes": self.notebook.notes, "branches": self.branches.made, "breakpoints": self.stops.all}
        unread = self.notebook.unread({kind: len(entries) for kind, entries in taken.items()}) or self.notebook.ending
        with contextlib.suppress(MtorchError):
            if self.notebook.branch:
                self.enter(self.notebook.branch, Position(self.notebook.first), going)
            if self.notebook.position:
                address = Address.parse(self.notebook.position)
                if address.iteration <= len(self.destination.losses) + FAR:  # a file may say anything
                    return self.destination.goto(address, going), unread or "where you left off"
        return Position(self.notebook.first, 0), unread or self._first_words()

    def _first_words(self) -> str:
        """What there is to do; where nothing is to be found, no search."""
        if self.other is not None:
            return self.greeting
        if self.session.clean:
            return f"no finding: {self.session.horizon}; {self.key_of('help')} shows all keys"
        keys = f"{self.key_of('continue')} runs to the first finding, {self.key_of('help')} shows all keys"
        return opening(self.session.way, self.session.why) or keys

    def on_resize(self, event: Resize) -> None:
        if self._sized is None and event.size.width >= WIDE and self.other is None:
            self.put_view(FIRST)
        self._sized = event.size
        self.call_after_refresh(self.show)

    def on_resized(self) -> None:
        self.show()

    def colour(self, name: str) -> str:
        """A colour of the theme, for rich."""
        key = self.theme, name
        if key not in self._colours:
            self._colours[key] = Color.parse(self.theme_variables[name]).rich_color.name
        return self._colours[key]

    def key_of(self, name: str) -> str:
        """The first key of a binding, by its id, as it is now."""
        return next(keys_now(binding, self.config.keys).split(" ")[0] for binding in KEYS if binding.id == name)

    def say(self, words: str) -> None:
        """In the status line; what is said during a run stays there for a while before the run has its say again."""
        self._told = time.monotonic() if self.running is not None else 0.0
        self.said, self._progressing = words, False
        self._put(words)

    def _put(self, words: str) -> None:
        put(self.query_one("#status", Static), Text(plain(words), no_wrap=True, overflow="ellipsis"))

    def action_help(self) -> None:
        keys = [Entry(group, keys_now(b, self.config.keys), b.tooltip, b.id or "") for group, b in grouped()]
        commands = [Entry("Commands, after a colon", name, c.summary) for name, c in COMMANDS.items()]
        self.push_screen(HelpScreen([*keys, *commands]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.may_act(action)

    def action_help_quit(self) -> None:
        """Textual's action for Ctrl-C, which shows a notice of its own there."""
        self.interrupt()

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and self.keeps(event):
            self.ahead.append(event)
        elif not self.tour_takes(event):
            self.end_count(event)
            if not await self.typed_here(event):
                await super().on_event(event)

    async def action_quit(self) -> None:
        """Leave, unless something would be lost that was not said yet."""
        if self.may_leave():
            await super().action_quit()
