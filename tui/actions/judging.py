"""Judging: checks of the iteration that shows, in workers."""

from __future__ import annotations

from typing import Any

from textual import work
from textual.worker import get_current_worker

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
        worker = get_current_worker()
        try:
            session.report(iteration, lambda _: not worker.is_cancelled)
            self.post_message(Checked(session, iteration, more=True))
            session.health(iteration, lambda _: not worker.is_cancelled)
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
        self.show()

    @work(thread=True, exclusive=True, group="compare", description="compare", exit_on_error=False)
    def compare(self: Any, report: Report, event: int, tensors: list[str]) -> None:
        worker = get_current_worker()
        for tensor in tensors:
            if worker.is_cancelled:
                return
            try:
                with self.session.trying():
                    found = report.numerical(event, tensor)
                failure = "nothing to compare with" if found is None else ""
            except BaseException as error:  # a user's own layers may raise anything, sys.exit too
                failure = what(error)
            self.post_message(Compared(report.iteration, event, tensor, failure))

    def on_compared(self: Any, message: Compared) -> None:
        key = (message.iteration, message.event, message.tensor)
        self.comparing.discard(key)
        if message.failure:
            self.uncompared[key] = message.failure
        if self.position == (message.iteration, message.event):
            self.show()
