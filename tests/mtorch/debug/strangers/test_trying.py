"""Edits of a stranger's backward: the fault is named where one of them makes the gradient right, and only there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtorch.debug.strangers.edits import edits
from mtorch.debug.strangers.here import moment
from mtorch.debug.strangers.pairs import Pair
from mtorch.debug.strangers.trying import alike, made_of
from mtorch.debug.work import Counted

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 3, 3))


class Cell:
    """A recurrent layer over (seq, batch, features), right; its kinds are wrong in one place each."""

    def __init__(self) -> None:
        self.Wx, self.Wh = np.eye(3) + rng.normal(size=(3, 3)), rng.normal(size=(3, 3))

    def forward(self, xs: Any) -> Any:
        self.xs, self.hs, self.zs = xs, [np.zeros((3, 3))], []
        for x in xs:
            self.zs.append(x @ self.Wx + self.hs[-1] @ self.Wh)
            self.hs.append(np.tanh(self.zs[-1]))
        return np.array(self.hs[1:])


class Late(Cell):
    def backward(self, grad: Any) -> Any:
        self.dWx, self.dWh, back, dxs = np.zeros((3, 3)), np.zeros((3, 3)), 0.0, []
        for t in reversed(range(len(grad))):
            dz = (grad[t] + back) * (1 - self.hs[t + 1] ** 2)
            self.dWx += self.xs[t].T @ dz
            self.dWh += self.hs[t + 1].T @ dz
            back = dz @ self.Wh.T
            dxs.append(dz @ self.Wx.T)
        return np.array(dxs[::-1])


class Turned(Cell):
    def backward(self, grad: Any) -> Any:
        self.dWx, self.dWh, back, dxs = np.zeros((3, 3)), np.zeros((3, 3)), 0.0, []
        for t in reversed(range(len(grad))):
            dz = (grad[t] + back) * (1 - self.hs[t + 1] ** 2)
            self.dWx += self.xs[t].T @ dz
            self.dWh += self.hs[t].T @ dz
            back = dz @ self.Wh
            dxs.append(dz @ self.Wx.T)
        return np.array(dxs[::-1])


def summed(parts: Any) -> Any:
    out = np.zeros((3, 3))
    for part in parts:
        out[:] = part
    return out


class Overwritten(Cell):
    def backward(self, grad: Any) -> Any:
        back, dxs, ofx, ofh = 0.0, [], [], []
        for t in reversed(range(len(grad))):
            dz = (grad[t] + back) * (1 - self.hs[t + 1] ** 2)
            ofx.append(self.xs[t].T @ dz)
            ofh.append(self.hs[t].T @ dz)
            back = dz @ self.Wh.T
            dxs.append(dz @ self.Wx.T)
        self.dWx, self.dWh = summed(ofx), sum(ofh)
        return np.array(dxs[::-1])


class Beyond(Cell):
    """No edit mends it."""

    def backward(self, grad: Any) -> Any:
        back, dxs = 0.0, []
        self.dWx, self.dWh = np.zeros((3, 3)), np.zeros((3, 3))
        for t in reversed(range(len(grad))):
            dz = (grad[t] + back) * (1 - self.hs[t + 1] ** 2)
            self.dWx += np.sin(self.xs[t].T @ np.cos(dz))
            self.dWh += self.hs[t].T @ dz
            back = dz @ self.Wh.T
            dxs.append(dz @ self.Wx.T)
        return np.array(dxs[::-1])


class Linear:
    def __init__(self) -> None:
        self.W = rng.normal(size=(3, 3))

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, grad: Any) -> Any:
        self.dW = np.einsum("tbn,tbm->nm", self.x, grad)
        return grad @ self.W.T


class Unmasked:
    """Its gradient is that of the layer inside, which was called with the same: no mix-up, but a slope is missing."""

    def __init__(self) -> None:
        self.first, self.last = Linear(), Linear()

    def forward(self, x: Any) -> Any:
        self.z = self.first.forward(x)
        return self.last.forward(np.maximum(self.z, 0))

    def backward(self, grad: Any) -> Any:
        return self.first.backward(self.last.backward(grad))


class Stacked(Linear):
    def __init__(self) -> None:
        super().__init__()
        self.xs: list[Any] = []
        self.dW = np.zeros((3, 3))

    def forward(self, x: Any) -> Any:
        self.xs.append(x)
        return np.tanh(x) @ self.W

    def backward(self, grad: Any) -> Any:
        x = self.xs.pop()
        self.dW += np.einsum("tbn,tbm->nm", np.tanh(x), grad)
        return grad @ self.W.T * (1 - np.tanh(x) ** 2)


class Twice:
    """What its layer's calls contribute is added up, but one of them was handed too little."""

    def __init__(self) -> None:
        self.step = Stacked()

    def forward(self, x: Any) -> Any:
        return self.step.forward(self.step.forward(x))

    def backward(self, grad: Any) -> Any:
        back = self.step.backward(grad)
        return self.step.backward(back * 0.3)


class Softmax:
    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(-1, keepdims=True))
        self.y = e / e.sum(-1, keepdims=True)
        return self.y

    def backward(self, grad: Any) -> Any:
        return self.y * (grad - (grad * self.y).sum(axis=1, keepdims=True))


FAULTS = [
    (Twice, "grad_stacked.W", "unknown", "back in place of back * 0.3"),
    (
        Unmasked,
        "grad_input",
        "missing-term",
        "self.last.backward(grad) * (self.z > 0) in place of self.last.backward(grad)",
    ),
    (
        Softmax,
        "grad_input",
        "transposed",
        "(grad * self.y).sum(axis=-1, keepdims=True) in place of (grad * self.y).sum(axis=1, keepdims=True)",
    ),
    (Late, "grad_Wh", "wrong-time-index", "self.hs[t] in place of self.hs[t + 1]"),
    (Turned, "grad_input", "transposed", "self.Wh.T in place of self.Wh"),
    (Overwritten, "grad_Wx", "missing-accumulation", "out[:] += in place of ="),
    (Beyond, "grad_Wx", "unknown", ""),
]


@pytest.mark.parametrize(("cls", "tensor", "cause", "edit"), FAULTS)
def test_what_makes_a_gradient_right_names_its_fault(cls: type, tensor: str, cause: str, edit: str) -> None:
    _, _, report = moment(cls(), (X,), rng.normal(size=X.shape))
    found = {f.tensor: f for f in report.findings if f.severity == "error"}
    assert found[tensor].cause == cause
    assert found[tensor].evidence.get("edit", "") == edit
    if edit:
        line = Path(__file__).read_text(encoding="utf-8").split("\n")[found[tensor].evidence["line"] - 1]
        wrong = (
            "self.hs[t + 1].T @ dz",
            "= dz @ self.Wh",
            "[:] = part",
            "self.last.backward(grad))",
            "axis=1, keepdims=True))",
            "backward(back * 0.3)",
        )
        assert line.endswith(wrong)


CACHE: dict[str, Any] = {}


def hidden_forward(x: Any) -> Any:
    CACHE["h"] = np.tanh(x)
    return CACHE["h"]


def hidden_backward(dout: Any) -> Any:
    return dout * (1 - CACHE["h"])


def test_a_function_that_a_script_named_is_edited_too() -> None:
    _, _, report = moment(Pair("hidden", hidden_forward, hidden_backward), (X,), rng.normal(size=X.shape))
    (found,) = report.findings
    assert (found.cause, found.evidence["edit"]) == ("wrong-tensor", "1 - CACHE['h'] ** 2 in place of 1 - CACHE['h']")


SOURCE = """
def f(self, d):
    self.g[i] = d.T @ self.x
    for t in steps:
        total += d[t] * (1 - self.y ** 2)
    return total - d
"""


def test_every_edit_is_one_change_and_leaves_the_function_as_it_was() -> None:
    (tree,) = ast.parse(SOURCE).body
    assert isinstance(tree, ast.FunctionDef)
    before = ast.unparse(tree)
    made = [*edits(tree, lambda name: ["self.y"] if name == "self.x" else [])]
    texts = [ast.unparse(edit.tree) for edit in made]
    assert ast.unparse(tree) == before
    assert before not in texts
    assert all(made_of(edit.tree, moment) is not None for edit in made)
    said = {edit.words for edit in made}
    assert {
        "self.g[i] += in place of =",
        "d in place of d.T",
        "d[t - 1] in place of d[t]",
        "self.y in place of self.x",
    } <= said


def test_lines_are_counted_and_a_function_s_last_variables_kept() -> None:
    def work(n: int) -> int:
        total = 0
        for k in range(n):
            total += k
        return total

    counts = []
    for n in (1, 11, 11):
        with Counted("work") as counted:
            work(n)
        counts.append(counted.work)
    assert counts[0] < counts[1] == counts[2]
    assert counted.names["total"] == 55


def test_names_are_alike_by_shape() -> None:
    names = {"a": np.ones(3), "b": np.ones(3), "c": np.ones(2), "hs": [np.ones(3)], "zs": [np.ones(2), np.ones(3)]}
    assert alike("a", names) == ["b"]
    assert alike("hs", names) == ["zs"]
    assert alike("nothing", names) == []
