"""What if: the app's commands for branches, and for where a number was changed or born."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mtorch.debug.branches import Branches, cell_name, parse_cell, parse_edits, parting
from mtorch.debug.diagnosis.finite import not_finite
from mtorch.debug.differences import Comparison, compare
from mtorch.debug.events import Trace
from mtorch.debug.origins import born, last_change, next_change
from mtorch.debug.session import Going, Session, Stopped
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.screens.listing import Listing
from tui.viewmodels.apart import distance_lines, where_first
from tui.viewmodels.branching import branch_lines, change_words

FAR = 1000
"""Iterations that changed-next looks through at least."""

COMPARED = 100
"""Iterations that are compared after a branch's start, if not both have run more."""


class WhatIf:
    """Of the app, which has a session, a position and a trace; `branches` has the sessions by name."""

    branches: Branches
    session: Session
    entering: tuple[str, Session] | None = None
    position: Position | None
    trace: Trace | None
    free: Callable[[], Position | None]
    chosen: str | None
    known: str
    notebook: Any
    say: Callable[[str], None]
    say_running: Callable[[str], None]
    run_far: Callable[..., None]
    call_later: Callable[..., Any]
    push_screen: Callable[..., Any]

    def start(self, job: Callable[[Position, Going], tuple[Position, str]], words: str) -> None:
        """Run a job that is handed where we are, unless one is running."""
        if (at := self.free()) is not None:
            self.say_running(words)
            self.run_far(lambda going: job(at, going))

    def enter(self, name: str, at: Position, going: Going) -> Position:
        """Look at a branch, at that place or near it, once that is arrived at: till then, what shows is another's."""
        session = self.branches.session(name, going)
        there = session.nearest(at, going)
        self.entering = name, session
        return there

    @property
    def destination(self) -> Session:
        """The session that a run is on its way into, else the one that shows."""
        return self.entering[1] if self.entering else self.session

    def tell(self, title: str, lines: list[str]) -> None:
        self.push_screen(Listing(title, lines))

    def action_set(self, words: str) -> None:
        text, name = re.fullmatch(r"(.*?)(?:\s+as\s+(\S+))?", words, re.DOTALL).groups("")  # type: ignore[union-attr]
        edits = parse_edits(text)

        def job(at: Position, going: Going) -> tuple[Position, str]:
            made = self.branches.add(at.iteration, edits, name, going)
            there = self.enter(made.name, at, going)
            said = "; ".join(map(str, edits))
            return there, f"{made.name}: {said} from iteration {at.iteration} on; branch {made.parent} goes back"

        self.start(job, "making a branch")

    def action_branches(self) -> None:
        at = self.position.iteration if self.position else 0
        self.tell("Branches", branch_lines(self.branches, self.notebook.lengths, at))

    def action_branch(self, name: str) -> None:
        if name != self.branches.current and name in self.branches.names():
            self.start(lambda at, going: (self.enter(name, at, going), f"this is {name}"), f"going to {name}")
        elif name == self.branches.current:
            self.say(f"this is {name} already")
        else:
            self.branches.branch(name)

    def action_delete_branch(self, name: str) -> None:
        if self.free() is not None:  # a run may be on its way into it
            self.branches.remove(name)
            self.say(f"{name} is gone")

    def action_compare(self, words: str) -> None:
        here = self.branches.current
        name, _, times = words.partition(" ")
        if times and not (re.fullmatch("[0-9]{1,9}", times) and int(times)):
            raise MtorchError(f"compare expects NAME, or NAME and how many iterations, got {words[:40]!r}")
        if name == here:
            raise MtorchError(f"this is {name}; compare expects another branch")

        def job(at: Position, going: Going) -> tuple[Position, str]:
            mine, other = self.session, self.branches.session(name, going)
            first = parting(mine, other)
            stop = first + int(times) if times else enough(first, len(mine.losses), len(other.losses))
            known: list[Comparison] = []

            def told(found: Comparison) -> None:
                known[:] = [found]
                self.known = "" if found.same else where_first(found, here, name)

            try:
                found = compare(mine, other, first, stop, going, told)
            except Stopped:
                if not known:
                    raise
                found = known[0]
            lines = [where_first(found, here, name), "", *distance_lines(found, here, name)]
            if found.stop < stop:
                lines.append(f"Stopped before iteration {found.stop}, of {stop} in all.")
            self.call_later(self.tell, f"{here} and {name}", lines)
            return at, lines[0]

        self.start(job, f"comparing with {name}")

    def _sought(self, words: str, at: Position, going: Going) -> tuple[str, tuple[int, ...], float]:
        """The parameter, the index and the least change in words such as "rnn.linear.weight[3,7] by 0.1"."""
        text, amount = re.fullmatch(r"(.*?)\s*(?:\bby\s+(\S+))?", words, re.DOTALL).groups()  # type: ignore[union-attr]
        try:
            by = float(amount or 0)
            if not by >= 0:
                raise ValueError
        except ValueError:
            raise MtorchError(f"expected a number after by, 0 or more, got {amount!r}") from None
        return (*(parse_cell(text) if text else (self._shown_parameter(), ())), by)

    def _shown_parameter(self) -> str:
        if self.trace is not None and self.position is not None:
            address = self.trace.events[self.position.event].address
            name = (self.chosen or "").removeprefix("grad_")
            own = address.path if address.phase == "update" else f"{address.path}.{name}" if address.path else name
            if own in self.session.parameters(self.position.iteration):
                return own
        raise MtorchError("no parameter is shown here; expected one, such as rnn.linear.weight[3,7]")

    def action_changed(self, words: str) -> None:
        def job(at: Position, going: Going) -> tuple[Position, str]:
            path, index, by = self._sought(words, at, going)
            found = last_change(self.session, path, index, at, by, going)
            lost = beyond(f"{cell_name(path, index)} was not changed{more_than(by)} before this", self.session)
            return self._change(found, (path, index), at, lost, going)

        self.start(job, "looking back for a change")

    def action_changed_next(self, words: str) -> None:
        def job(at: Position, going: Going) -> tuple[Position, str]:
            path, index, by = self._sought(words, at, going)
            stop = int(min(max(len(self.session.losses), at.iteration + FAR), self.session.end))
            found = next_change(self.session, path, index, at, by, going, stop)
            lost = f"{cell_name(path, index)} is not changed{more_than(by)} before iteration {stop}"
            lost = beyond(lost, self.session)
            return self._change(found, (path, index), at, lost, going)

        self.start(job, "looking for a change")

    def _change(
        self, found: Position | None, cell: tuple[str, tuple[int, ...]], at: Position, lost: str, going: Going
    ) -> tuple[Position, str]:
        if found is None:
            return at, lost
        return found, change_words(self.session.trace(found.iteration, going).events[found.event], *cell)

    def action_born(self) -> None:
        def job(at: Position, going: Going) -> tuple[Position, str]:
            found = born(self.session, at, going)
            if found is None:
                return at, beyond("all numbers are finite here, and in all losses and states before", self.session)
            return found, not_finite(self.session.trace(found.iteration, going))[0].message

        self.start(job, "looking for the first number that is not finite")


def beyond(words: str, session: Session) -> str:
    """What was found out, and how far back and forth there was something to be seen at all."""
    return f"{words}; {session.horizon}" if session.horizon else words


def enough(first: int, a: int, b: int) -> int:
    """Where a comparison of two runs ends that have come so far: with the longer one's, but not much after both's."""
    return max(first + 1, min(max(a, b), max(first + COMPARED, min(a, b))))


def more_than(by: float) -> str:
    return f" by more than {by:g}" if by else ""
