"""Programs' classes, watched as they are defined: which are layers, and what is whose gradient."""

from __future__ import annotations

import numpy as np
import pytest

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.instruments import Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly


def run(program: str) -> list[Report]:
    """A program run with its classes watched: the report of each iteration."""
    reports: list[Report] = []

    def over(trace: Trace, state: object) -> None:
        with quietly():
            reports.append(examined(trace))

    observer = Observer(over)
    with Instruments(observer, ""):
        exec(program, {"__name__": "a_script", "np": np, "rng": np.random.default_rng(0)})
        observer.end()
    assert not observer.broken
    return reports


def checks(program: str) -> dict[tuple[str, str], bool | None]:
    return {(check.path, check.tensor): check.ok for report in run(program) for check in report.checks}


BASE = """
class Layer:
    def forward_pass(self, x): raise NotImplementedError
    def backward_pass(self, grad): raise NotImplementedError
class Cube(Layer):
    def forward_pass(self, x): self.x = x; return x**3
    def backward_pass(self, grad): return 3 * self.x**2 * grad
class Wrong(Cube):
    def backward_pass(self, grad): return super().backward_pass(grad) / 3
cube, wrong = Cube(), Wrong()
wrong.forward_pass(cube.forward_pass(rng.normal(size=(2, 3))))
cube.backward_pass(wrong.backward_pass(np.ones((2, 3))))
"""


def test_layers_of_other_names_may_have_a_base() -> None:
    assert checks(BASE) == {("cube", "grad_input"): True, ("wrong", "grad_input"): False}


ONE_GRADIENT = """
class Hinge:
    def __init__(self): self.W = rng.normal(size=(4, 3))
    def forward(self, X, y):
        self.X, self.y, n = X, y, np.arange(len(X))
        scores = X @ self.W
        self.margins = np.maximum(0, scores - scores[n, y][:, None] + 1)
        self.margins[n, y] = 0
        return self.margins.sum()
    def backward(self):
        d = (self.margins > 0) * 1.0
        d[np.arange(len(d)), self.y] = -d.sum(1)
        {}return self.X.T @ d
hinge = Hinge()
hinge.forward(rng.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2]))
hinge.backward()
"""


def test_one_gradient_that_is_returned_may_be_the_parameter_s() -> None:
    assert checks(ONE_GRADIENT.format("")) == {("hinge", "grad_W"): True}
    assert checks(ONE_GRADIENT.format("self.dW = self.X.T @ d; ")) == {("hinge", "grad_W"): True}


QUEUE = """
class Linear:
    def __init__(self): self.W, self.saved = rng.normal(size=(3, 3)), []
    def forward(self, x): self.saved.append(x); return x @ self.W
    def backward(self, grad): self.dW = self.saved.pop(0).T @ grad; return grad @ self.W.T
linear = Linear()
linear.forward(rng.normal(size=(2, 3))), linear.forward(rng.normal(size=(2, 3)))
linear.backward(np.ones((2, 3))), linear.backward(np.ones((2, 3)))
"""


def test_what_moves_up_in_a_list_is_no_parameter() -> None:
    assert checks(QUEUE) == {("linear", "grad_W"): False, ("linear", "grad_input"): True}


COLUMNS = """
class Network:
    def __init__(self): self.params = {"W": rng.normal(size=(3, 4))}
    def forward(self, X):
        self.A0, z = X.T, self.params["W"] @ X.T
        self.A1 = np.exp(z) / np.exp(z).sum(axis=0)
        return self.A1
    def backward(self, X, Y): self.grads = {"dW": (self.A1 - Y.T) @ self.A0.T / len(X)}; return self.grads
network, X = Network(), rng.normal(size=(6, 4))
network.forward(X)
network.backward(X, np.eye(3)[[0, 1, 2, 0, 1, 2]])
"""


def test_targets_may_be_rows_where_outputs_are_columns() -> None:
    assert checks(COLUMNS) == {("network", "grad_W"): True}


DIAGONAL = """
class Softmax:
    def forward(self, x): e = np.exp(x); self.p = e / e.sum(1, keepdims=True); return self.p
    def backward(self, grad): return grad * self.p * (1 - self.p)
softmax = Softmax()
p, y = softmax.forward(rng.normal(size=(4, 3))), np.eye(3)[[0, 2, 1, 1]]
softmax.backward({})
"""


@pytest.mark.parametrize(("loss", "severity"), [("-y / p + (1 - y) / (1 - p)", "info"), ("-y / p", "error")])
def test_a_softmax_s_diagonal_is_no_error_where_the_loss_is_made_for_it(loss: str, severity: str) -> None:
    (report,) = run(DIAGONAL.format(loss))
    assert [f.severity for f in report.findings] == [severity]


MACHINE = """
class Machine:
    def __init__(self): self.W, self.a, self.b = rng.normal(size=(5, 3)), np.zeros(5), np.zeros(3)
    def forward(self, v): return 1 / (1 + np.exp(-(v @ self.W + self.b)))
    def backward(self, h): return 1 / (1 + np.exp(-(h @ self.W.T + self.a)))
machine = Machine()
machine.backward((machine.forward(rng.normal(size=(4, 5))) > 0.5) * 1.0)
"""


def test_what_goes_back_without_being_a_gradient_is_not_judged() -> None:
    (report,) = run(MACHINE)
    assert not report.findings
    assert not report.checks or not any(check.ok for check in report.checks)


ALONE = """
sigmoid = lambda z: 1 / (1 + np.exp(-z))
class Network:
    def __init__(self):
        self.weights = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
        self.biases = [rng.normal(size=(4, 1)), rng.normal(size=(2, 1))]
    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases): a = sigmoid(w @ a + b)
        return a
    def backprop(self, x, y):
        {}
        h = sigmoid(self.weights[0] @ x + self.biases[0])
        a = sigmoid(self.weights[1] @ h + self.biases[1])
        delta = (a - y) * a * (1 - a)
        before = self.weights[1].T @ delta * {}
        return [before @ x.T, delta @ h.T], [before, delta]
network = Network()
for n in range(2):
    network.backprop(rng.normal(size=(3, 1)), np.eye(2)[:, [n]])
"""


@pytest.mark.parametrize(("first", "slope"), [("pass", "h * (1 - h)"), ("self.feedforward(x)", "h")])
def test_a_backward_that_makes_its_own_forward_is_checked(first: str, slope: str) -> None:
    reports = run(ALONE.format(first, slope))
    right = {check.tensor: check.ok for check in reports[1].checks}
    assert len(reports) == 2
    assert list(right.values()).count(True) == (4 if "-" in slope else 2) and len(right) == 4
