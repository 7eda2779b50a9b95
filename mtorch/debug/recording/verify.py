"""Verify: a recording re-executed, and compared bit by bit at each checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mtorch.debug.differences import Difference, differing_states, differing_traces, identical
from mtorch.debug.recording.reader import Recording
from mtorch.debug.session import Stopped
from mtorch.debug.tracer import trace
from mtorch.training import Training


class Otherwise(NamedTuple):
    """That a run came out otherwise than it was recorded.

    `first` is the first iteration that did: `exact` where its loss or what was kept of it shows it, else the first
    after the last checkpoint that was the same. In `difference`, a is the recording and b the run.
    """

    first: int
    exact: bool
    difference: Difference


def verify(training: Training, recording: Recording, told: Callable[[int], bool] = lambda _: True) -> Otherwise | None:
    """Run a training through all that was recorded; None where all is the same, bit by bit.

    `told` hears each iteration before it runs; Stopped where it says no.
    """
    recording.check()
    losses, checkpoints = recording.losses, {0, *recording.checkpoints}
    same, by_loss = 0, None
    with np.errstate(all="ignore"):
        for at in range(len(losses) + 1):
            if at in checkpoints:
                if found := differing_states(at, recording.state(at), training.state(), identical):
                    return by_loss._replace(difference=found) if by_loss else Otherwise(same, at == 0, found)
                same = at
            if at == len(losses):
                return by_loss
            if not told(at):
                raise Stopped
            if (kept := recording.trace(at)) is not None:
                again = trace(training, at)
                if found := differing_traces(kept, again, identical):
                    return Otherwise(at, True, found)
                recorded, loss = (kept.loss, losses[at]), again.loss
            else:
                recorded, loss = (losses[at],) * 2, training.step(at).per_element
            for was in recorded:
                if by_loss is None and not identical(np.array(was), np.array(loss)):
                    by_loss = Otherwise(at, True, Difference(at, f"{at} loss", "loss", (), was, loss))
    return None
