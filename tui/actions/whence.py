"""Whence: where a number on the screen comes from, and going there."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual import work

from mtorch.debug.derivatives import Unmeasured
from mtorch.debug.events import Trace
from mtorch.debug.session import Going
from mtorch.debug.sources import Place, Sources, cell, parse, sources
from mtorch.debug.timeline import Position
from tui.guest import what
from tui.messages import Traced
from tui.widgets.tensor_panel import TensorPanel


class Whence:
    """What the app takes from here; it is an app with a position, a trace and the name of the tensor that shows."""

    def action_whence_here(self: Any) -> None:
        """The terms of the cell that is chosen, or of the first that shows."""
        if self.free() is None:
            return
        index, panel = self.table.cell, self.query(TensorPanel).first()
        if index is None:
            self.say("no number shows here: step into it")
        else:
            # An update's delta is the optimiser's; what it is made from is the gradient.
            event = self.trace.events[self.position.event]
            name = "gradient" if panel.tensor == "delta" and "gradient" in event.tensors else panel.tensor
            self.action_whence(cell(name, index))

    def action_whence(self: Any, words: str) -> None:
        if (at := self.free()) is None:
            return
        trace = self.trace
        place = parse(words, trace.events[at.event])
        self.say_running(f"looking for where {place} comes from")
        self.find_sources(trace, place)

    def show_sources(self: Any, iteration: int, found: Sources) -> None:
        from tui.screens.terms import TermsScreen  # as late as notes'

        self.say("")
        self.push_screen(TermsScreen(found), partial(self.go_to_source, iteration))

    def go_to_source(self: Any, iteration: int, place: Place | None) -> None:
        if place is None:
            return

        def job(_: Going) -> tuple[Position, str]:
            self.wanted = (place.tensor, place.cell)
            words = f"this is {place}; {self.key_of('whence')} says where it comes from"
            return Position(iteration, place.event), words

        self.go(job, iteration)

    @work(thread=True, exclusive=True, group="sources", description="sources", exit_on_error=False)
    def find_sources(self: Any, trace: Trace, place: Place) -> None:
        going = self.asked(f"looking for where {place} comes from")
        try:
            with self.session.trying():
                found = sources(trace, place, going)
            if going():
                self.post_message(Traced(trace, place, found))
        except Unmeasured:
            return
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.post_message(Traced(trace, place, None, what(error)))

    def on_traced(self: Any, message: Traced) -> None:
        """Only where one still is: anywhere else, the same name is another number's."""
        self.rest()
        if message.trace is not self.trace or message.place.event != self.position.event:
            return
        if message.found is None:
            self.refuse(message.failure)
        else:
            self.show_sources(message.trace.iteration, message.found)
