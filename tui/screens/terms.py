"""TermsScreen: the terms that a number is made of, largest first; enter goes to where one comes from."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mtorch.debug.sources import Place, Sources
from tui.viewmodels.sources import heading, lines


class TermsScreen(ModalScreen[Place | None]):
    """Dismissed with the place that was chosen, or with None by escape, q or x."""

    BINDINGS = [
        Binding("escape,q,x", "dismiss(None)", "close", id="terms.close"),
        Binding("j", "down", show=False, id="terms.down"),
        Binding("k", "up", show=False, id="terms.up"),
    ]

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self.sources = sources

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Text(heading(self.sources)))
            yield OptionList(*(Option(Text(line, no_wrap=True)) for line in lines(self.sources)))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        terms = self.sources.terms
        places = terms[message.option_index].places if message.option_index < len(terms) else ()
        self.dismiss(places[0] if places else None)
