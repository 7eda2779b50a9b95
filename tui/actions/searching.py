"""Searching: from one event of this iteration to the next at which a text occurs."""

from __future__ import annotations

from typing import Any

from mtorch.debug.timeline import Position
from tui.plain import plain
from tui.viewmodels.searching import following, matches


class Searches:
    """What the app takes from here; it is an app with a position and a trace. `sought` is what is searched for."""

    sought = ""

    def action_search(self: Any, words: str) -> None:
        self.sought = words
        self.action_match(1)

    def action_match(self: Any, by: int) -> None:
        """The next match, or the one before."""
        by *= self.counted()
        if (at := self.free()) is None:
            return
        if not self.sought:
            self.say("nothing was searched for yet; search TEXT does")
            return
        found = matches(self.trace.events, self._said(at.iteration), self.sought)
        if not found:
            self.say(f"no event of this iteration has {plain(self.sought)}")
            return
        number = following(found, at.event, by)
        keys = f"{self.key_of('next-match')} is the next, {self.key_of('previous-match')} the one before"
        words = f"{plain(self.sought)}: {number + 1} of {len(found)}; {keys}"
        self.go(lambda _: (Position(at.iteration, found[number]), words), at.iteration)

    def _said(self: Any, iteration: int) -> dict[int, list[str]]:
        """The findings' words by event, as far as the iteration was checked."""
        report, health = self.session.known_report(iteration), self.session.known_health(iteration) or ()
        said: dict[int, list[str]] = {}
        for event, findings in report.marked.items() if report else ():
            said.setdefault(event, []).extend(f"{found.cause}: {found.message}" for found in findings)
        for found in health:
            if found.iteration == iteration:
                said.setdefault(found.event, []).append(f"{found.cause}: {found.message}")
        return said

    def stop_searching(self: Any) -> None:
        if self.sought:
            self.sought = ""
            self.say("")
