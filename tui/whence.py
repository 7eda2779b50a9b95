"""Whence: where a number on the screen comes from, and going there."""

from __future__ import annotations

from typing import Any

from mtorch.debug.sources import Place, Sources, cell, parse
from mtorch.debug.timeline import Position
from tui.screens.terms import TermsScreen
from tui.widgets.tensor_panel import TensorPanel
from tui.widgets.tensor_table import TensorTable


class Whence:
    """What the app takes from here; it is an app with a position, a trace and the name of the tensor that shows."""

    def action_whence_here(self: Any) -> None:
        """The command line, with the cell that is chosen, or the first that shows."""
        panel = self.query(TensorPanel).first()
        index = panel.query_one(TensorTable).cell
        if index is None:
            self.say("no number shows here: step into it")
        else:
            self.action_command(f"whence {cell(panel.tensor, index)}")

    def action_whence(self: Any, words: str) -> None:
        trace, at = self.trace, self.position
        if trace is None or at is None or self.running is not None:
            self.say("still running: esc stops it")
            return
        place = parse(words, trace.events[at.event])
        self.say(f"looking for where {place} comes from …")
        self.find_sources(trace, place)

    def show_sources(self: Any, found: Sources) -> None:
        self.say("")
        self.push_screen(TermsScreen(found), self.go_to_source)

    def go_to_source(self: Any, place: Place | None) -> None:
        if place is None or self.position is None:
            return
        there = Position(self.position.iteration, place.event)
        words = f"this is {place}; x says where it comes from"
        self.go(lambda _: (there, words), there.iteration)
        self.look_at(place.tensor, place.cell)
