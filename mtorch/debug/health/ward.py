"""Ward: the vitals of a session's iterations, and what the windows that end at them show."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Address
from mtorch.debug.health.rules import diagnose
from mtorch.debug.health.thresholds import WINDOW, Thresholds
from mtorch.debug.health.vitals import Ranges, Vitals, vitals

if TYPE_CHECKING:
    from mtorch.debug.session import Session

KEPT = 20 * WINDOW
"""How many iterations' vitals are kept; a window is no longer."""


class Ward:
    """Looks after a session, with `limits`. Vitals of the iterations looked at last are kept."""

    def __init__(self, session: Session, limits: Thresholds | None = None) -> None:
        self.session, self.limits = session, limits or Thresholds()
        self._vitals: dict[int, Vitals] = {}
        self._ranges: Ranges = {}

    def look(self, iteration: int, going: Callable[[int], bool] = lambda _: True) -> Vitals:
        """The vitals of an iteration, run for it where they are not at hand. Raises Stopped where `going` says no."""
        if iteration not in self._vitals:
            if not going(iteration):
                from mtorch.debug.session import Stopped  # which imports this

                raise Stopped
            self._vitals[iteration] = vitals(self.session.trace(iteration, going), self._ranges)
            for old in list(self._vitals)[:-KEPT]:
                del self._vitals[old]
        return self._vitals[iteration]

    def findings(
        self,
        iteration: int,
        going: Callable[[int], bool] = lambda _: True,
        window: int = WINDOW,
        longest: float = math.inf,
    ) -> tuple[Finding, ...]:
        """What is wrong with the training, by the window of iterations that ends at this one; the most telling first.

        Iterations are run for it where they take no more than `longest` seconds; else the window is what was looked at
        already. Raises Stopped where `going` says no meanwhile.
        """
        first = max(0, iteration + 1 - window)
        if self.session.seconds > longest:
            first = 1 + max((i for i in range(first, iteration) if i not in self._vitals), default=first - 1)
        seen = [self.look(i, going) for i in range(first, iteration + 1)]
        return diagnose(seen, self.session.losses[: iteration + 1], self.limits)

    def address(self, finding: Finding) -> Address:
        """Where a finding points, of an iteration that was looked at."""
        return self.look(finding.iteration).addresses[finding.event]
