"""TermsScreen: the terms that a number is made of, largest first; enter goes to where one comes from."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.widgets import OptionList

from mtorch.debug.sources import Place, Sources
from tui.screens.choice import ChoiceScreen
from tui.viewmodels.sources import heading, lines


class TermsScreen(ChoiceScreen[Place | None]):
    """Dismissed with the place that was chosen, or with None by escape, q or x."""

    BINDINGS = [Binding("escape,q,x", "dismiss(None)", "close", id="terms.close")]

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        super().__init__(Text(heading(sources)), (Text(line, no_wrap=True) for line in lines(sources)))

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        terms = self.sources.terms
        places = terms[message.option_index].places if message.option_index < len(terms) else ()
        self.dismiss(places[0] if places else None)
