"""Moving: steps, iterations, and runs to the next finding, in both directions of time."""

from __future__ import annotations

from typing import Any

from mtorch.debug.events import Address
from mtorch.debug.session import Going, Stopped
from mtorch.debug.timeline import MOVES, Position
from tui.messages import Jump
from tui.widgets.event_tree import EventTree
from tui.widgets.findings_list import FindingsList

FAR = 100
"""Iterations that one press of c checks before it says that it found nothing."""


class Moves:
    """What the app takes from here; it is an app that runs, with a session and `stops`."""

    def action_move(self: Any, move: str, times: int | None = None) -> None:
        """Move that many times, or as far as there is something before; by a key, as often as was typed before it."""
        times = self.counted() if times is None else times
        if (at := self.position) is None:
            return

        def job(going: Going) -> tuple[Position, str]:
            there = at
            for number in range(times):
                # A move asks only where iterations run on the way; most moves run none.
                if number % 256 == 255 and not going(there.iteration):
                    raise Stopped
                before, there = there, self.session.move(there, move, going)
                if there == before:
                    return there, "this is the start of the run"
            return there, ""

        if times == 1:
            event, last = MOVES[move](self.trace.events, at.event), len(self.trace.events) - 1
            self.go(job, max(0, at.iteration + (event > last) - (event < 0)))
        elif self.free() is not None:
            self.say_running(f"{times} times")
            self.run_far(job)

    def action_level(self: Any, by: int) -> None:
        """Up to what this event is inside of, or down to the first event inside it."""
        times = self.counted()
        if (at := self.position) is None:
            return
        event = there = self.trace.events[at.event]
        for _ in range(times):
            if by < 0 and there.parent is not None:
                there = self.trace.events[there.parent]
            elif by > 0 and there.end > there.index + 1:
                there = self.trace.events[there.index + 1]
        if there is event:
            self.say("this is the outermost level" if by < 0 else "there is nothing inside this event")
        else:
            self.go(lambda _: (Position(at.iteration, there.index), ""), at.iteration)

    def action_along(self: Any, by: int) -> None:
        """To the event that the tree shows below this one, or above it."""
        self.on_moved()
        if (at := self.position) is not None:
            there = Position(at.iteration, self.query_one(EventTree).beside(by))
            if there != at:
                self.go(lambda _: (there, ""), at.iteration)

    def action_fold(self: Any) -> None:
        self.on_moved()
        self.query_one(EventTree).fold()

    def action_go_to_finding(self: Any) -> None:
        """To where the chosen one of the findings is."""
        self.on_moved()
        if (finding := self.query_one(FindingsList).chosen) is not None:
            self.on_jump(Jump(finding.event, finding.iteration))

    def action_iteration(self: Any, by: int) -> None:
        by *= self.counted()
        if (at := self.position) is None:
            return
        there = Position(max(0, at.iteration + by), at.event)
        if there.iteration == at.iteration:
            self.say("this is the first iteration")
        else:
            self.go(lambda going: (self.session.nearest(there, going), ""), there.iteration)

    def before_finding(self: Any, back: bool) -> Position | None:
        """Where we are, if a finding is what is to be run to.

        Else that is where two runs part, or a breakpoint, and the run there begins.
        """
        at: Position | None = self.free()
        if at is not None and self.other is not None:
            self.to_divergence(at, back=back)
        elif at is not None and self.stops.enabled:
            self.run_to_hit(at, back=back)
        else:
            return at
        return None

    def action_continue(self: Any) -> None:
        if (at := self.before_finding(back=False)) is None:
            return

        def job(going: Going) -> tuple[Position, str]:
            end = at.iteration + FAR
            try:
                return self.session.next_finding(at, lambda i: i < end and going(i)), ""
            except Stopped:
                if not going(end):
                    raise
                key = self.key_of("continue")
                return Position(end, 0), f"no finding in iterations {at.iteration}…{end - 1}; {key} goes on"

        self.say_running("checking")
        self.run_far(job)

    def action_reverse_continue(self: Any) -> None:
        if (at := self.before_finding(back=True)) is None:
            return

        def job(going: Going) -> tuple[Position, str]:
            found = self.session.previous_finding(at, going)
            return (at, "no finding before this one") if found is None else (found, "")

        self.say_running("checking")
        self.run_far(job)

    def action_goto(self: Any, words: str) -> None:
        address = Address.parse(words)
        self.go(lambda going: (self.session.goto(address, going), ""), address.iteration)
