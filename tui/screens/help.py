"""Help: every key as it is now, and every command; what is typed filters them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.viewmodels.help import Entry, matching

INTRODUCTION = (
    "A training iteration is a tree of events: forward, loss, backward, update. A recurrent layer has its "
    "time steps inside, and each time step the layers that it calls. You stand at one event and see its "
    "tensors. Small letters go forward in time, capitals back.\n\n"
    "Marks: ✗ the check found this event wrong; · something inside it is wrong; ● a breakpoint stops there, "
    "or a watch looks there; ○ inside it. "
    "Nothing is called right before it was checked.\n\n"
    "Tables scroll by arrows and page keys, too, when they have the focus (tab); ctrl+p finds any key or command.\n"
)


class Sought(Input):
    """What is typed to filter; `?` closes what it opened."""

    BINDINGS = [Binding("question_mark", "screen.dismiss", show=False, priority=True, id="help.toggle")]


class HelpScreen(ModalScreen[None]):
    """Closed by escape or ?."""

    BINDINGS = [
        Binding("escape", "dismiss", "close", id="help.close"),
        Binding("up", "scroll(-1)", show=False, id="help.up"),
        Binding("down", "scroll(1)", show=False, id="help.down"),
        Binding("pageup", "page(-1)", show=False, id="help.page-up"),
        Binding("pagedown", "page(1)", show=False, id="help.page-down"),
    ]

    def __init__(self, entries: Iterable[Entry]) -> None:
        super().__init__()
        self.entries = list(entries)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Sought(placeholder="type to filter; ↑ ↓ scroll, esc closes", compact=True)
            with VerticalScroll(can_focus=False):
                yield Static(self.listed(""))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        self.query_one(Static).update(self.listed(message.value))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def listed(self, sought: str) -> Text:
        groups = matching(self.entries, sought)
        text = Text("" if sought.strip() else f"{INTRODUCTION}\n")
        for group, entries in groups.items():
            text.append(f"{group}\n", "bold underline")
            for entry in entries:
                text.append(f"  {entry.name:>16}  ", "bold").append(f"{entry.summary}\n")
            text.append("\n")
        return text if groups else Text("nothing of that; esc closes")

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=by * max(1, scroll.size.height - 1), animate=False)
