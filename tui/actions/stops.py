"""Stops: breakpoints and watches on the screen: their commands, and running from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtorch.debug.breakpoints import Breakpoint, Breakpoints, at_event, check, stops, watched
from mtorch.debug.conditions import parse
from mtorch.debug.events import Trace
from mtorch.debug.hits import next_hit, previous_hit
from mtorch.debug.session import Going
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError, unknown
from tui.actions.whatif import beyond
from tui.commands import chosen
from tui.screens.listing import Listing
from tui.viewmodels.tree import STOP, STOP_INSIDE, marks


class Stops:
    """What the app takes from here; it is an app with a session, a trace, `stops` and `say`."""

    stops: Breakpoints

    _marked: tuple[Trace | None, list[Breakpoint], Mapping[int, str]] = (None, [], {})

    def stops_in(self: Any, trace: Trace) -> Mapping[int, str]:
        """The marks of events that a breakpoint stops at, or a watch looks at; found out once as long as both stay."""
        enabled = self.stops.enabled
        if self._marked[0] is not trace or self._marked[1] != enabled:
            found = {event for stop in enabled for event, _ in stops(stop, trace)}
            found |= {event for stop in enabled for event in watched(stop, trace)}
            self._marked = trace, enabled, marks(trace.events, found, STOP, STOP_INSIDE)
        return self._marked[2]

    def run_to_hit(self: Any, at: Position, back: bool) -> None:
        """To the next event that a breakpoint stops at, or to the one before, in a worker."""
        enabled = self.stops.enabled

        def job(going: Going) -> tuple[Position, str]:
            hit = (previous_hit if back else next_hit)(self.session, enabled, at, going)
            lost = beyond("no breakpoint is hit before this", self.session)
            return (at, lost) if hit is None else (hit.position, hit.words)

        self.say_running(f"iteration {at.iteration}")
        self.run_far(job)

    def action_break(self: Any, words: str) -> None:
        self.set_stop(f"break {words}")

    def action_watch(self: Any, words: str) -> None:
        self.set_stop(f"watch {words}")

    def set_stop(self: Any, text: str) -> None:
        if self.free() is None:
            return
        stop = Breakpoint.parse(text)
        check(stop, self.session, self.trace)
        stop = self.stops.add(stop)
        self.show_view()  # what is watched has a curve
        on, back = self.key_of("continue"), self.key_of("reverse-continue")
        self.say(f"{described(stop)}; {on} runs to it, {back} back to it")
        self.show()

    def action_print(self: Any, words: str) -> None:
        """What an expression, as conditions have them, is at the event that shows."""
        if self.position is None:
            return
        expression, event = parse(words), self.trace.events[self.position.event]
        values = at_event(self.trace, event, expression)
        if values is None:
            known = [name.rpartition(" ")[2] for name in event.tensors] + ["loss", "iteration"]
            known += ["t"] if event.address.t is not None else []
            lost = next(term for term in expression.terms if term.find(known) is None)
            raise MtorchError(unknown("tensor here", lost.name, known))
        self.say(f"{expression} = {said(expression.evaluate(values))}")

    def action_break_here(self: Any) -> None:
        """The command line, with a breakpoint at the event that shows."""
        self.action_command(f"break {self.address.partition(' ')[2]}")

    def action_info(self: Any, words: str) -> None:
        if not "breakpoints".startswith(words):
            raise MtorchError(f"info expected breakpoints, got {words[:40]!r}")
        self.action_breakpoints()

    def action_breakpoints(self: Any) -> None:
        if not self.stops.all:
            self.say("no breakpoints; break and watch set one")
            return
        self.push_screen(Listing("Breakpoints", [described(stop) for stop in self.stops.all]))

    def action_delete(self: Any, words: str) -> None:
        self.stops.delete(self._meant("delete", words))
        self.show_view()
        self.say(f"deleted {words or 'all breakpoints'}")
        self.show()

    def action_disable(self: Any, words: str) -> None:
        self.stops.enable(self._meant("disable", words), False)
        self.say(f"disabled {words or 'all breakpoints'}")
        self.show()

    def action_enable(self: Any, words: str) -> None:
        self.stops.enable(self._meant("enable", words), True)
        self.say(f"enabled {words or 'all breakpoints'}")
        self.show()

    def _meant(self: Any, verb: str, words: str) -> list[int]:
        return chosen(verb, words, [stop.number for stop in self.stops.all])


def said(value: Any) -> str:
    """A truth or a number."""
    return str(bool(value)).lower() if np.asarray(value).dtype == bool else f"{float(value):.9g}"


def described(stop: Breakpoint) -> str:
    return f"{stop.number}: {stop}" + ("" if stop.enabled else " (disabled)")
