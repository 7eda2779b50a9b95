"""The debugger's screen: its widgets, its state, and its start."""

from __future__ import annotations

import contextlib
import time
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.filter import Monochrome, NoColor
from textual.geometry import Size
from textual.timer import Timer
from textual.widgets import Footer, Static

from mtorch.debug.branches import Branches
from mtorch.debug.breakpoints import Breakpoints
from mtorch.debug.events import Address, Trace
from mtorch.debug.session import Going, Session
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui import leaving
from tui.actions.judging import Judges
from tui.actions.keeping import Keeps
from tui.actions.moving import FAR, Moves
from tui.actions.notes import Notes
from tui.actions.prompt import Prompt
from tui.actions.running import Runs
from tui.actions.showing import Shows
from tui.actions.stops import Stops
from tui.actions.tensors import Tensors
from tui.actions.viewing import FIRST, WIDE, Views
from tui.actions.whatif import WhatIf
from tui.actions.whence import Whence
from tui.keymap import KEYS
from tui.notebook import Notebook
from tui.plain import plain
from tui.screens.help import HelpScreen
from tui.widgets.command_line import CommandLine
from tui.widgets.event_tree import EventTree
from tui.widgets.findings_list import FindingsList
from tui.widgets.line import put
from tui.widgets.lines_view import LinesView
from tui.widgets.tabs import Tabs
from tui.widgets.tensor_panel import TensorPanel


class DebuggerApp(Runs, Judges, Moves, Shows, Tensors, Views, Prompt, Stops, Notes, Whence, WhatIf, Keeps, App[None]):
    """A session on a screen. Its state: a position, a tensor's name, and what is under way.

    What it does is in `tui/actions/`, a subject a class.
    """

    CSS_PATH = "styles/app.tcss"
    TITLE = "mtorch"
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (80, "-enough"), (120, "-broad"), (180, "-wide")]
    VERTICAL_BREAKPOINTS: ClassVar = [(0, "-low"), (24, "-short"), (36, "-tall"), (50, "-huge")]
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session, target: str, notebook: Notebook | None = None) -> None:
        super().__init__()
        if self.no_color:
            # As the terminal has it: greys of Textual's own are colours too, and an ansi theme's are black on black.
            self._filters = [NoColor() if isinstance(part, Monochrome) else part for part in self._filters]
        self.session, self.target = session, target
        self.notebook = notebook or Notebook(None)
        self.stops = Breakpoints.from_texts(self.notebook.left.get("breakpoints"))
        self.branches, self.shown = Branches(session), session
        self.branches.restore(self.notebook.branches)
        self.position: Position | None = None
        self.trace: Trace | None = None
        self.tensor: str | None = None
        self.checking: int | None = None
        self.failures: dict[int, str] = {}
        self.failed = self.warned = ""
        self._told = 0.0
        self.comparing, self.uncompared = set(), {}
        self._soon: Timer | None = None
        self._sized: Size | None = None
        self._colours: dict[tuple[str, str], str] = {}

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
        yield Static(id="status", markup=False)
        with Horizontal(id="line"):
            yield Static(":", id="prompt", markup=False)
            yield CommandLine(id="command", compact=True, placeholder="goto 0 backward rnn t=3", select_on_focus=False)
        yield Footer(compact=True, show_command_palette=False)
        yield Static(id="small", markup=False)

    def on_mount(self) -> None:
        self.query_one("#loss").border_title = "loss per element"
        self.query_one("#verdict").border_title = "here"
        self.theme_changed_signal.subscribe(self, lambda _: self.show())
        self.query_one("#tree").focus()
        if self.notebook.position or self.notebook.branch or self.session.distance(self.notebook.first):
            self.say(f"{self.target}: running its first iteration …")
            self.run_far(self._start)
        else:
            self.arrive(*self._start(lambda _: True))

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
        return Position(self.notebook.first, 0), unread or "c runs to the first finding, ? shows all keys"

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        if self._sized is None and width >= WIDE:
            self.put_view(FIRST)
        self._sized = event.size
        self.query_one("#small", Static).update(
            f"mtorch needs a terminal of 80x24.\nThis one is {width}x{height}: make it larger, and go on.", layout=False
        )
        self.call_after_refresh(self.show)

    def on_resized(self) -> None:
        self.show()

    def colour(self, name: str) -> str:
        """A colour of the theme, for rich."""
        key = self.theme, name
        if key not in self._colours:
            self._colours[key] = Color.parse(self.theme_variables[name]).rich_color.name
        return self._colours[key]

    def say(self, words: str) -> None:
        """In the status line; what is said during a run stays there for a while before the run has its say again."""
        self._told = time.monotonic() if self.running is not None else 0.0
        self._put(words)

    def _put(self, words: str) -> None:
        put(self.query_one("#status", Static), Text(plain(words), no_wrap=True, overflow="ellipsis"))

    def action_help(self) -> None:
        self.push_screen(HelpScreen(b for b in self.BINDINGS if isinstance(b, Binding)))

    async def action_quit(self) -> None:
        """Leave, unless something would be lost that was not said yet."""
        if self.may_leave():
            await super().action_quit()
