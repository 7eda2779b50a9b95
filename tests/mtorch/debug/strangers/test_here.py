"""The debugger from inside a script, and what a script says of itself, without `mtorch run`."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import mtorch.debug
from mtorch.debug import watch
from mtorch.debug.strangers.here import moment
from mtorch.debug.strangers.instruments import Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.errors import MtorchError


class Dense:
    def __init__(self) -> None:
        self.W = np.eye(3) + 0.1

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, grad: Any) -> Any:
        self.dW = self.x.T @ grad
        return grad @ self.W  # not transposed


class Net:
    def __init__(self) -> None:
        self.layers = [Dense(), Dense()]
        self.layers[0].W[0, 1] = 2.0

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Any) -> Any:
        for layer in self.layers[::-1]:
            grad = layer.backward(grad)
        return grad


def test_one_call_of_a_model_is_recorded_on_a_copy_and_checked() -> None:
    net, x = Net(), np.arange(6.0).reshape(2, 3)
    trace, state, report = moment(net, (x,), np.ones((2, 3)) * [1.0, 2.0, 3.0])
    labels = [event.label for event in trace.events]
    assert labels == [*["net", "dense", "dense2", "net", "dense2", "dense", "update"], "net.dense2.W", "net.dense.W"]
    assert {(f.cause, f.path) for f in report.findings} == {("transposed", "net.dense"), ("transposed", "net.dense2")}
    assert set(state) == {"net.dense2.W", "net.dense.W"}
    assert not hasattr(net.layers[0], "x"), "the model itself was called"
    assert Dense.forward.__name__ == "forward" and not hasattr(Dense.forward, "__wrapped__"), "a hook survived"


def test_what_is_no_model_is_said() -> None:
    with pytest.raises(MtorchError, match="int has no forward and backward"):
        moment(3, ())


def test_without_a_terminal_here_says_so_and_the_script_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    mtorch.debug.here(Net(), np.ones((2, 3)))
    assert capsys.readouterr() == ("", "mtorch: here(Net): the debugger needs a terminal; going on without it\n")


class Stage(Dense):
    def run(self, x: Any) -> Any:
        return Dense.forward(self, x)

    grad = Dense.backward
    forward = backward = None  # type: ignore[assignment]


def test_here_knows_the_names_that_watch_was_told() -> None:
    with pytest.raises(MtorchError, match="Stage has no forward and backward"):
        moment(Stage(), (np.ones((2, 3)),))
    watch(Stage, forward="run", backward="grad")
    trace, _, _ = moment(Stage(), (np.ones((2, 3)),))
    assert [str(event.address) for event in trace.events][:2] == ["0 forward stage", "0 backward stage"]


def test_under_mtorch_run_here_makes_a_note_at_the_call_that_came_last() -> None:
    traces: list[Any] = []
    observer = Observer(lambda trace, state: traces.append(trace))
    with Instruments(observer, "") as instruments:
        instruments.attach(Dense, ("forward", "backward"))
        dense = Dense()
        mtorch.debug.here(dense)
        for _ in range(2):
            dense.forward(np.ones((2, 3)))
            dense.backward(np.ones((2, 3)))
            mtorch.debug.here(dense)
        observer.end()
    places = ["0 forward dense", "0 backward dense", "1 backward dense"]
    assert observer.notes == [[place, "here(Dense)"] for place in places]


def test_watch_does_nothing_without_mtorch_run() -> None:
    dense = Dense()
    assert watch(dense) is dense
    assert watch.layer("f", forward=np.sin, backward=np.cos) == (np.sin, np.cos)
    with pytest.raises(MtorchError, match="Dense has no method 'go'"):
        watch(dense, forward="go")


def test_the_engine_is_light_until_it_is_asked_for_something() -> None:
    code = "import sys, mtorch.debug; assert not any('strangers' in name for name in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


class Old:
    def fprop(self, x: Any) -> Any:
        self.x = x
        return x**2

    def bprop(self, grad: Any) -> Any:
        return 2 * self.x * grad


def test_other_names_are_known_and_put_back() -> None:
    before = dict(vars(Old))
    _, _, report = moment(Old(), (np.ones((2, 3)),))
    assert [check.ok for check in report.checks] == [True]
    assert dict(vars(Old)) == before


class Noisy:
    def forward(self, x: Any, old: Old) -> Any:
        self.old, self.noise = old, np.random.rand(*x.shape)
        return old.fprop(x) * self.noise

    def backward(self, grad: Any) -> Any:
        return self.old.bprop(grad * self.noise)


def test_the_call_leaves_luck_and_what_it_was_handed_as_they_were() -> None:
    np.random.seed(0)
    old, state = Old(), np.random.get_state()[2]
    old.fprop(np.zeros(1))
    _, _, report = moment(Noisy(), (np.ones((2, 3)), old))
    assert all(check.ok for check in report.checks)
    assert np.random.get_state()[2] == state and old.x.tolist() == [0.0]
