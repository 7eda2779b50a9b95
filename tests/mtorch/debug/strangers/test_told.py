"""What is seen of a script's calls."""

from __future__ import annotations

import signal

import pytest

from mtorch.debug.events import Trace
from mtorch.debug.strangers.child import uninterrupted
from mtorch.debug.strangers.instruments import Instruments
from mtorch.debug.strangers.observer import Observer
from tests.mtorch.debug.strangers.observed import observed

STATEFUL = """
import numpy as np
class Cell:
    def __init__(self): self.w = np.array([0.5, -0.3])
    def forward(self, x, state): self.x = x; h = np.tanh(x * self.w) + 0.5 * state; return h, h
    def backward(self, dout):
        d = dout * (1 - np.tanh(self.x * self.w) ** 2)
        self.dw = (d * self.x).sum(0)
        return d * self.w, 0.5 * dout
cell, rng = Cell(), np.random.default_rng(0)
for _ in range(4):
    state = np.zeros((3, 2))
    y, state = cell.forward(rng.normal(size=(3, 2)), state)
    cell.backward(np.tanh(y))
"""


def test_a_gradient_in_the_memory_of_an_argument_that_is_gone_is_a_gradient() -> None:
    checks = [check for report in observed(STATEFUL) for check in report.checks]
    assert {check.tensor for check in checks} == {"grad_x", "grad_state", "grad_w"}
    assert all(check.ok for check in checks) and len(checks) == 12


def test_what_is_interrupted_while_it_is_told_is_not_told_again() -> None:
    told: list[int] = []

    def over(trace: Trace, state: object) -> None:
        told.append(trace.iteration)
        if len(told) == 2:
            raise KeyboardInterrupt

    observer = Observer(over)
    with Instruments(observer, ""), pytest.raises(KeyboardInterrupt):
        exec(compile(STATEFUL, "script", "exec", dont_inherit=True), {"__name__": "stranger"})
    observer.end()
    assert told == [0, 1]


def test_ctrl_c_waits_until_an_iteration_is_recorded() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        signal.raise_signal(signal.SIGINT)
        done.append(True)
    assert done and signal.getsignal(signal.SIGINT) is signal.default_int_handler
