"""Hosted: the session of somebody's target on a screen. What its code raises says where, as `mtorch check` says it."""

from __future__ import annotations

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session, Stopped
from tui.guest import GuestError
from tui.targets import Target


class Hosted(Session):
    """Raises GuestError for all that the target's code raises. KeyboardInterrupt too: on a screen, Ctrl-C is a key."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.training)
        self.target = target

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        at = iteration

        def heard(number: int) -> bool:
            nonlocal at
            at = number
            return going(number)

        try:
            super().seek(iteration, heard)
        except (Stopped, GuestError):
            raise
        except BaseException as error:
            raise self._blame(error, at) from error

    def trace(self, iteration: int, going: Going = lambda _: True) -> Trace:
        try:
            return super().trace(iteration, going)
        except (Stopped, GuestError):
            raise
        except BaseException as error:
            raise self._blame(error, iteration) from error

    def report(self, iteration: int, going: Going = lambda _: True, *, exhaustive: bool = False) -> Report:
        try:
            return super().report(iteration, going, exhaustive=exhaustive)
        except (Stopped, GuestError):
            raise
        except BaseException as error:
            raise self._blame(error, iteration) from error

    def _blame(self, error: BaseException, iteration: int) -> GuestError:
        return self.target.blame(error, f"iteration {iteration}")
