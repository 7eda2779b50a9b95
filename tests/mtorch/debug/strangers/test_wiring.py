"""Right gradients that are handed to the wrong layer, never reset, or added; and programs that mean what they do."""

from __future__ import annotations

import pytest

from tests.mtorch.debug.strangers.observed import observed

LAYERS = """
import numpy as np
rng = np.random.default_rng(0)
class Linear:
    def __init__(self, n, m): self.W = rng.normal(size=(n, m)); self.dW = np.zeros((n, m))
    def forward(self, x): self.x = x; return x @ self.W
    def backward(self, g): self.dW += self.x.T @ g; return g @ self.W.T
class Relu:
    def forward(self, x): self.x = x; return np.maximum(x, 0)
    def backward(self, g): return g * (self.x > 0)
class Softmax:
    def forward(self, z): e = np.exp(z); self.p = e / e.sum(1, keepdims=True); return self.p
    def backward(self, g): return self.p * (g - (g * self.p).sum(1, keepdims=True))
class MSELoss:
    def forward(self, y, t): self.d = y - t; return 0.5 * (self.d ** 2).mean()
    def backward(self): return self.d / self.d.size
class Entropy:
    def forward(self, p, t): self.p, self.t = p, t; return -(t * np.log(p)).sum() / len(t)
    def backward(self): return (self.p - self.t) / len(self.t)
class Delta:
    def __init__(self): self.linear = Linear(4, 3)
    def forward(self, x): return self.linear.forward(x)
    def backward(self, delta): return self.linear.backward(delta)
a, relu, b, softmax, mse, entropy, delta = Linear(4, 5), Relu(), Linear(5, 3), Softmax(), MSELoss(), Entropy(), Delta()
t = np.eye(3)[rng.integers(0, 3, 6)]
for i in range(3):
    x = rng.normal(size=(6, 4))
    zero, step, back = True, -0.1, relu.backward
"""
TAIL = """
    mse.forward(b.forward(relu.forward(a.forward(x))), t)
    a.backward(back(b.backward(mse.backward())))
    for layer in (a, b):
        layer.W = layer.W + step * layer.dW
        if zero: layer.dW[...] = 0
"""
NO_RESET = "    zero = False" + TAIL
ADDED = "    step = 0.1" + TAIL
SKIPPED = "    back = lambda g: g" + TAIL
ACCUMULATED = "    zero = i == 1; step = -0.1 * zero" + TAIL
MOMENTUM = "    zero = False" + TAIL + "        layer.dW *= 0.9\n"
SHORTCUT = """
    entropy.forward(softmax.forward(b.forward(relu.forward(a.forward(x)))), t)
    a.backward(relu.backward(b.backward(entropy.backward())))
    a.dW[...] = b.dW[...] = 0
"""
DELTA_RULE = """
    y = delta.forward(x)
    mse.forward(y, t)
    delta.backward(t - y)
    delta.linear.W += 0.1 * delta.linear.dW; delta.linear.dW[...] = 0
"""
FOUND = {
    NO_RESET: {("gradients-not-reset", "linear", 1), ("gradients-not-reset", "linear2", 1)},
    ADDED: {("wrong-sign", "linear", 0), ("wrong-sign", "linear2", 0)},
    SKIPPED: {("missing-backward", "relu", 0)},
    **{script: set() for script in (TAIL, ACCUMULATED, MOMENTUM, SHORTCUT, DELTA_RULE)},
}


NAMES = ("not reset", "added", "skipped", "right", "accumulated", "momentum", "shortcut", "delta rule")


@pytest.mark.parametrize("script", FOUND, ids=NAMES)
def test_only_what_is_surely_wrong_is_a_warning(script: str) -> None:
    found = [f for report in observed(LAYERS + script) for f in report.findings if f.severity == "warning"]
    assert {(f.cause, f.path, min(g.iteration for g in found)) for f in found} == FOUND[script]
