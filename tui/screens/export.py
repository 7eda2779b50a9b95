"""ExportScreen: which file is to be made of what shows."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.widgets import OptionList

from tui.screens.choice import ChoiceScreen

CHOICES = {
    "svg": "this screen as a picture (SVG)",
    "csv": "this table, with all digits (CSV)",
    "npz": "all tensors of this event, for numpy (npz)",
    "html": "a report of this iteration, to read in a browser (HTML)",
}


class ExportScreen(ChoiceScreen[str | None]):
    """Dismissed with the format that was chosen, or with None by escape or q."""

    BINDINGS = [Binding("escape,q", "dismiss(None)", "close", id="export.close")]

    def __init__(self) -> None:
        super().__init__(Text("Export, into the current folder", "bold"), map(Text, CHOICES.values()))

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(list(CHOICES)[message.option_index])
