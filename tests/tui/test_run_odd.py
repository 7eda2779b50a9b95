"""`mtorch run` with scripts that do odd things: processes and threads that never end, matrices, branches."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from mtorch.debug.diagnosis.findings import Finding
from tui import scripts
from tui.cli import main

LAYER = """
import numpy as np
class Scale:
    def __init__(self): self.w = np.array([1.0, 2.0, 3.0])
    def forward(self, x): self.x = x; return x * self.w
    def backward(self, g): self.dw = (g * self.x).sum(0); return g * self.w
layer, rng = Scale(), np.random.default_rng(0)
def step():
    y = layer.forward(rng.normal(size=(4, 3)))
    layer.backward(y - 1)
    layer.w -= 0.1 * layer.dw
"""
PROCESS = """
import multiprocessing, time
if __name__ == "__main__":
    multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,)).start()
    while True: step()
"""
LOADER = """
import threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
while True: step()
"""
TRAINER = """
import threading, time
def train():
    while True: step()
threading.Thread(target=train).start()
time.sleep(600)
"""
FORKED = """
import os
if os.fork() == 0:
    step(); step(); os._exit(0)
os.wait()
while True: step()
"""
AWAY = """
import os, threading, time
left = open(os.path.join(os.path.dirname(__file__), "left.txt"), "w")
left.write("written")  # and closed by Python, at its end
class Fixed(type):
    def __setattr__(cls, name, value): raise AttributeError(f"{name} can't be set")
class Half(metaclass=Fixed):
    def forward(self, x): return x / 2
    def backward(self, g): return g / 2
os.chdir("/")
def train():
    assert os.path.samefile(__file__, threading.main_thread().script)
    for _ in range(2): step()
threading.main_thread().script = __file__
threading.Timer(0.01, train).start()
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""
MATRIX = """
class Linear:
    def __init__(self): self.w = np.matrix(rng.normal(size=(3, 3)))
    def forward(self, x): self.x = x; return x * self.w
    def backward(self, g): self.dw = self.x.T * g; return g * self.w
linear = Linear()
while True:
    linear.backward(linear.forward(np.matrix(rng.normal(size=(4, 3)))) - 1)
    linear.w -= 0.1 * linear.dw
"""
BRANCH = """
class Noise:
    def forward(self, mean, spread): self.e = rng.normal(size=mean.shape); return mean + self.e * spread
    def backward(self, g): return g, 2 * g * self.e
noise = Noise()
while True:
    m, s = layer.forward(rng.normal(size=(4, 3))), np.ones((4, 3))
    g, _ = noise.backward(noise.forward(m, s) - 1)
    layer.backward(g)
"""


def found(script: str, tmp_path: Path) -> list[Finding]:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(LAYER + script), encoding="utf-8")
    ran = scripts.run(os.path.relpath(path), (), 2, tmp_path / "a.mtr")
    assert not ran.failure
    checked = scripts.checked("script.py", ran.recording)
    assert checked.iterations == 2 and any(check.ok for check in checked.checks)
    return [finding for finding, _ in checked.findings if finding.severity == "error"]


@pytest.mark.parametrize("script", [PROCESS, LOADER, TRAINER, FORKED], ids=["process", "loader", "trainer", "forked"])
def test_what_a_script_has_left_at_work_ends_with_it(script: str, tmp_path: Path) -> None:
    assert found(script, tmp_path) == []


def test_a_script_may_go_elsewhere_and_train_in_a_thread_that_outlives_it(tmp_path: Path) -> None:
    assert found(AWAY, tmp_path) == []
    assert (tmp_path / "left.txt").read_text() == "written"


def test_where_a_script_was_killed_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(LAYER + "for _ in range(2): step()\nimport os; os.kill(os.getpid(), 9)\n")
    with pytest.raises(SystemExit) as left:
        main(["run", "--check", str(script)])
    assert left.value.code == 2  # though what was recorded is clean
    assert "mtorch: the script failed: it was ended by signal 9, after 1 iteration" in capfd.readouterr().err


def test_a_constant_on_one_of_two_ways_cancels_out_with_nothing(tmp_path: Path) -> None:
    assert [(f.path, f.tensor, f.cause) for f in found(BRANCH, tmp_path)] == [
        ("noise", "grad_spread", "wrong-scale")
    ] * 2


def test_matrices_are_watched_as_other_arrays(tmp_path: Path) -> None:
    assert {(f.path, f.tensor, f.cause) for f in found(MATRIX, tmp_path)} == {("linear", "grad_input", "transposed")}


BUILT = """
import numpy as np


class Dense:
    def __init__(self, rng):
        self.W = rng.standard_normal((3, 3))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, grad):
        self.dW = self.x.T @ grad
        return grad @ self.W


class Trainer:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.dense = Dense(self.rng)

    def step(self, iteration):
        out = self.dense.forward(self.rng.standard_normal((4, 3)))
        self.dense.backward(out)
        self.dense.W = self.dense.W - 0.01 * self.dense.dW


def build(seed):
    return Trainer(seed)
"""


def test_the_steps_of_what_build_makes_are_taken(tmp_path: Path) -> None:
    assert {(f.path, f.tensor, f.cause) for f in found(BUILT, tmp_path)} == {("dense", "grad_input", "transposed")}
