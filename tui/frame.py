"""The frame: the debugger's screen while what it is to show is still being loaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Event, Key, Resize
from textual.filter import Monochrome, NoColor
from textual.widgets import Static

from tui import leaving
from tui.config import Config
from tui.keymap import KEYS
from tui.plain import plain
from tui.terminal import INTERRUPTED
from tui.widgets.footer import Footer

LEAVES = {"q": 0, "escape": 0, "ctrl+q": 0, "ctrl+c": INTERRUPTED}
"""Keys that end it while it is loading, with the exit status; all others wait until there is something to move in."""

Load = Callable[[], tuple[type["Frame"], dict[str, Any]]]
"""What makes a debugger's class, and what it takes. It is called in a thread."""


class Frame(App[None]):
    """A screen of the debugger's make that is drawn before numpy and the engine are imported.

    Once `load` is through, this app is a debugger: it takes that class, as a terminal is started only once. Where it
    raises, that is the `failure`.
    """

    CSS_PATH = "styles/app.tcss"
    TITLE = "mtorch"
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (80, "-enough"), (120, "-broad"), (180, "-wide")]
    VERTICAL_BREAKPOINTS: ClassVar = [(0, "-low"), (24, "-short"), (36, "-tall"), (50, "-huge")]
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    crashed: Exception | None = None
    failure: BaseException | None = None
    loading_since: float | None = None

    def __init__(self, config: Config | None = None, name: str = "", load: Load | None = None) -> None:
        super().__init__()
        if self.no_color:
            # As the terminal has it: greys of Textual's own are colours too, and an ansi theme's are black on black.
            self._filters = [NoColor() if isinstance(part, Monochrome) else part for part in self._filters]
        self.config = config or Config()
        self.loading, self.load = name, load
        self.ahead: list[Key] = []

    def run(self, **options: Any) -> None:
        """Until the user leaves, or an error of ours ends it, which is `crashed` then. What is under way holds nobody
        up.
        """
        try:
            leaving.run(self.run_async(**options))
        except Exception as error:
            self.crashed = self.crashed or error

    def _handle_exception(self, error: Exception) -> None:
        """Textual's end of an app whose own code raised. It would print a traceback over the user's terminal."""
        self.crashed = self.crashed or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def compose(self) -> ComposeResult:
        yield Static(f"loading {plain(self.loading)} …", id="crumb", markup=False)
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield Vertical()
                yield Static(id="loss")
            yield Vertical(id="right")
        yield Static(id="verdict")
        yield Static(id="findings")
        yield Static(id="status", markup=False)
        yield Footer()
        yield Static(id="small", markup=False)

    def on_mount(self) -> None:
        self.set_keymap(dict(self.config.keys))
        self.theme = self.config.theme or self.theme
        self.begin()

    def begin(self) -> None:
        """Load, once this is drawn: imports would keep it from being drawn."""
        self.loading_since = time.monotonic()
        self.set_interval(1, self._still)
        self.call_after_refresh(self.run_worker, self._load, thread=True)

    def _still(self) -> None:
        if self.loading_since is not None:
            seconds = time.monotonic() - self.loading_since
            self.query_one("#status", Static).update(f"{seconds:.0f} s; q leaves", layout=False)

    def _load(self) -> None:
        assert self.load is not None
        try:
            kind, given = self.load()
        except BaseException as error:  # SystemExit too: it is raised again where the command ends
            self.call_from_thread(self._fail, error)
        else:
            self.call_from_thread(self._become, kind, given)

    def _fail(self, error: BaseException) -> None:
        if self.loading_since is not None:
            self.failure = error
            self.exit()

    async def _become(self, kind: type[Frame], given: dict[str, Any]) -> None:
        """Be a debugger from now on. What was typed in the meantime is its."""
        if self.loading_since is None:
            return
        self.loading_since = None
        self.__class__ = kind
        self.take(**given)
        await self.recompose()
        self.begin()
        self.on_resize(Resize(self.size, self.size))
        self.release()

    def release(self) -> None:
        """Let the keys that were typed ahead do what they are for."""
        ahead, self.ahead = self.ahead, []
        for key in ahead:
            self.post_message(key)

    def take(self, **given: Any) -> None:
        """What a debugger is of."""
        raise NotImplementedError

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.query_one("#small", Static).update(
            f"mtorch needs a terminal of 80x24.\nThis one is {width}x{height}: make it larger, and go on.", layout=False
        )

    async def on_event(self, event: Event) -> None:
        if self.loading_since is None or not isinstance(event, Key):
            await super().on_event(event)
        elif event.key in LEAVES:
            self.loading_since = None
            self.exit(return_code=LEAVES[event.key])
        else:
            self.ahead.append(event)
