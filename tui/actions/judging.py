"""Judging: checks of the iteration that shows, in workers."""

from __future__ import annotations

from typing import Any

from textual import work

from mtorch.debug.report import Report
from mtorch.debug.session import Session, Stopped
from tui.guest import what
from tui.messages import Checked, Compared

Compare = tuple[int, int, str]
"""A wrong gradient: its iteration, its event, its name."""


class Judges:
    """What the app takes from here; it is an app with a session, a position and `show`.

    `checking` is the iteration whose check is under way, `failures` has why iterations could not be checked;
    `comparing` and `uncompared` are the same of whole numerical gradients.
    """

    checking: int | None
    failures: dict[int, str]
    comparing: set[Compare]
    uncompared: dict[Compare, str]

    @property
    def judged(self: Any) -> bool:
        """Whether the iteration that shows has been checked, and its health, or is known to be uncheckable."""
        if self.position is None or self.position.iteration in self.failures:
            return True
        iteration, session = self.position.iteration, self.session
        return session.known_report(iteration) is not None and session.known_health(iteration) is not None

    def _forget_checks(self: Any) -> None:
        """Another branch shows: what is known of the other's iterations, or under way, doesn't hold for it."""
        for group in ("check", "compare"):
            self.workers.cancel_group(self, group)
        self.checking = None
        for known in (self.failures, self.comparing, self.uncompared):
            known.clear()

    def _check_soon(self: Any, iteration: int) -> None:
        if self.position is not None and self.position.iteration == iteration and self.checking != iteration:
            self.checking = iteration
            self.check(self.session, iteration)
            self.show()

    @work(thread=True, exclusive=True, group="check", description="check", exit_on_error=False)
    def check(self: Any, session: Session, iteration: int) -> None:
        """Of a session, as another branch may have come into view meanwhile."""
        going = self.asked(f"checking iteration {iteration}")
        try:
            session.report(iteration, going)
            self.post_message(Checked(session, iteration, more=True))
            session.health(iteration, going)
            self.post_message(Checked(session, iteration))
        except Stopped:
            return
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.post_message(Checked(session, iteration, what(error)))

    def on_checked(self: Any, message: Checked) -> None:
        if message.session is not self.session:
            return
        if self.checking == message.iteration and not message.more:
            self.checking = None
        if message.failure:
            self.failures[message.iteration] = message.failure
        self.rest()
        self.show()

    @work(thread=True, exclusive=True, group="compare", description="compare", exit_on_error=False)
    def compare(self: Any, report: Report, event: int, tensors: list[str]) -> None:
        for tensor in tensors:
            going = self.asked(f"finding the right numbers of {tensor}")
            try:
                with self.session.trying():
                    found = report.numerical(event, tensor, going)
                if not going():
                    return
                failure = "nothing to compare with" if found is None else ""
            except BaseException as error:  # a user's own layers may raise anything, sys.exit too
                failure = what(error)
            self.post_message(Compared(report, event, tensor, failure))

    def on_compared(self: Any, message: Compared) -> None:
        """Of a report that may be another branch's than the one that shows by now."""
        iteration = message.report.iteration
        key = (iteration, message.event, message.tensor)
        self.comparing.discard(key)
        if message.failure and self.session.known_report(iteration) is message.report:
            self.uncompared[key] = message.failure
        self.rest()
        if self.position == (iteration, message.event):
            self.show()
