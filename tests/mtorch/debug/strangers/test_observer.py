"""What is seen of a script's calls."""

from __future__ import annotations

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
