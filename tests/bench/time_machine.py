"""Goals of going through time: how fast a breakpoint far back is found."""

from __future__ import annotations

import numpy as np

from mtorch.debug.breakpoints import Breakpoint
from mtorch.debug.hits import previous_hit
from mtorch.debug.session import Session
from mtorch.debug.timeline import Position
from tests.bench.framework import digits
from tests.bench.goals import Goal
from tests.bench.measure import Measured, interleaved

LONG = 100_000
"""Iterations of the run that is searched."""


def reverse_continue() -> Measured:
    """Back over a run to the one iteration near its start that a watch hits, against summing its losses in
    plain Python, a loop that does next to nothing per iteration.
    """
    session = Session(digits())
    session.seek(4)
    session.losses.extend(np.linspace(0.4, 0.1, LONG - len(session.losses)).tolist())
    session.losses[2] = 9.0
    stop = [Breakpoint.parse("watch loss > 5")]

    def search() -> None:
        hit = previous_hit(session, stop, Position(LONG, 0))
        assert hit is not None and hit.position.iteration == 2

    def loop() -> float:
        total = 0.0
        for loss in session.losses:
            total += loss
        return total

    return interleaved(search, loop)


GOALS = [Goal("reverse-continue over 100,000 iterations / a loop over their losses", 5, reverse_continue)]
