"""Help: every key, made from the bindings."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.binding import Binding

from tui.commands import COMMANDS
from tui.screens.scrolled import Scrolled

INTRODUCTION = (
    "A training iteration is a tree of events: forward, loss, backward, update. A recurrent layer has its "
    "time steps inside, and each time step the layers that it calls. You stand at one event and see its "
    "tensors. Small letters go forward in time, capitals back.\n\n"
    "Marks: ✗ the check found this event wrong; · something inside it is wrong; ● a breakpoint stops there. "
    "Nothing is called right before it was checked.\n"
)


class HelpScreen(Scrolled):
    """Closed by escape, q or ?."""

    BINDINGS = [Binding("escape,q,question_mark", "dismiss", "close", id="help.close")]

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self.bindings = list(bindings)

    def text(self) -> Text:
        text = Text(INTRODUCTION + "\n")
        for binding in self.bindings:
            key = binding.key_display or binding.key
            text.append(f"  {key:>9}  ", "bold").append(f"{binding.tooltip or binding.description}\n")
        text.append("\nTables scroll by h j k l, and by arrows and page keys when they have the focus (tab).\n")
        text.append("\nCommands, after a colon:\n\n")
        for name, command in COMMANDS.items():
            text.append(f"  {name:>16}  ", "bold").append(f"{command.summary}\n")
        return text
