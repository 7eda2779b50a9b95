"""mtorch diff: what it prints, and what it returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mtorch.debug.differences import Comparison, Difference, Distance
from tui import cli, terminal
from tui.viewmodels.apart import distance_row, where_first

MINE = """
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers

class Batches:
    def batch(self, number):
        print("batch")
        {boom}
        return np.ones((2, 3)), np.zeros((2, 3))

def build(seed):
    module = Module(Sequential([layers.Linear(3, 3, rng=seed, name="\\x1b[31mred")]))
    return Training(module, SquareLoss(module.backward), SGD(module, {lr}), Batches(), epoch=9)
"""


def run(*args: str) -> Result:
    return CliRunner().invoke(cli.main, args)


def mine(folder: Path, name: str, lr: float = 0.1, boom: str = "") -> str:
    path = folder / name
    path.write_text(MINE.format(lr=lr, boom=boom))
    return str(path)


def test_the_same_is_said_and_is_0() -> None:
    found = run("diff", "xor", "xor", "--iterations", "7", "--seed", "3")
    assert (found.exit_code, found.stderr) == (0, "")
    assert "the same, bit by bit, in iterations 0…6" in found.stdout


def test_what_differs_is_said_and_is_1() -> None:
    found = run("diff", "rnn-sin-cos", "rnn-sin-cos", "--set", "hidden=4", "--set-b", "lr=0.2", "--iterations", "5")
    assert found.exit_code == 1
    assert "A and B first differ at 0 update rnn.linear.weight: delta[" in found.stdout
    heads = [line.split() for line in found.stdout.splitlines()]
    assert ["after", "loss", "loss", "losses", "parameters"] in heads
    assert ["iteration", "A", "B", "apart", "apart"] in heads
    assert run("diff", "xor", "xor", "--seed-b", "1", "--iterations", "1").exit_code == 1


def test_long_names_are_not_broken_up_in_headings(tmp_path: Path) -> None:
    a, b = mine(tmp_path, "a-rather-long-name.py"), mine(tmp_path, "b.py", lr=0.2)
    found = run("diff", a, b, "--iterations", "3")
    assert f"A is {a}, B is {b}\n" in found.stdout
    assert ["iteration", "A", "B", "apart", "apart"] in [line.split() for line in found.stdout.splitlines()]
    assert "Apart: as a share of the larger" in found.stdout


def test_json() -> None:
    found = run("diff", "xor", "xor", "--seed-a", "1", "--json", "--iterations", "3")
    report = json.loads(found.stdout)
    assert found.exit_code == 1
    assert list(report) == ["schema", "a", "b", "iterations", "same", "first", "distances"]
    assert (report["schema"], report["a"], report["iterations"], report["same"]) == (1, "xor", 3, False)
    assert list(report["first"]) == ["iteration", "address", "tensor", "index", "a", "b", "absolute", "relative"]
    assert (report["first"]["address"], report["first"]["tensor"]) == ("0 forward", "input")
    assert [d["iteration"] for d in report["distances"]] == [0, 1, 2]
    assert list(report["distances"][0]) == ["iteration", "loss_a", "loss_b", "parameters"]
    same = json.loads(run("diff", "xor", "xor", "--json", "--iterations", "2").stdout)
    assert (same["same"], same["first"]) == (True, None)


def test_files_are_compared_and_what_they_print_is_no_output(tmp_path: Path) -> None:
    a, b = mine(tmp_path, "a.py"), mine(tmp_path, "b.py", lr=0.2)
    assert json.loads(run("diff", a, a, "--json", "--iterations", "3").stdout)["same"] is True
    found = run("diff", a, b, "--iterations", "3")
    assert found.exit_code == 1
    assert "0 update �[31mred.weight: delta[0,0]" in found.stdout
    assert "\x1b[31mred" not in found.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("xor",), "Missing argument 'B'"),
        (("xor", "xro"), "xro"),
        (("xor", "xor", "--set-b", "size=2"), "--set-b size=2: no setting size; xor has"),
        (("xor", "xor", "--set", "size=2", "--set-b", "hidden=2"), "--set size=2: no setting size"),
        (("xor", "xor", "--iterations", "0"), "--iterations"),
        (("xor", "gone.mtr"), "gone.mtr: cannot be read"),
    ],
)
def test_what_is_unusable_is_one_line_and_2(args: tuple[str, ...], said: str) -> None:
    found = run("diff", *args)
    assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert said in found.stderr


def test_code_that_raises_is_2_and_an_interrupt_is_130(tmp_path: Path) -> None:
    a = mine(tmp_path, "a.py")
    b = mine(tmp_path, "b.py", boom="if number == 2: raise ValueError('boom')")
    found = run("diff", a, b)
    assert (found.exit_code, found.stdout) == (2, "")
    assert f"{b}:8: iteration 2: ValueError: boom" in found.stderr
    c = mine(tmp_path, "c.py", boom="if number == 2: raise KeyboardInterrupt")
    assert run("diff", a, c).exit_code == terminal.INTERRUPTED


def test_a_recording_is_compared_with_a_run(tmp_path: Path) -> None:
    path = str(tmp_path / "a.mtr")
    assert run("record", "xor", "-o", path, "--iterations", "20").exit_code == 0
    assert run("diff", "xor", path, "--iterations", "30").exit_code == 0
    assert run("diff", "xor", path, "--seed-a", "1", "--iterations", "3").exit_code == 1


def test_every_kind_of_difference_in_words() -> None:
    def said(difference: Difference | None) -> str:
        return where_first(Comparison(3, 9, difference, ()), "A", "B")

    assert said(None) == "the same, bit by bit, in iterations 3…8"
    assert said(Difference(3, "3 forward tanh", "input", (), None, "float32 2x3")) == (
        "A and B first differ at 3 forward tanh: only B has input"
    )
    assert said(Difference(3, "3 loss", "value", (), "float32 scalar", "float64 scalar")) == (
        "A and B first differ at 3 loss: value is float32 scalar in A, float64 scalar in B"
    )
    assert said(Difference(3, "3", "w", (1, 2), 1.0, float("nan"), float("inf"), float("inf"))) == (
        "A and B first differ at the start of iteration 3: w[1,2] is 1 in A, nan in B: off by ▲Inf (relative ▲Inf)"
    )
    assert distance_row(Distance(5, 1.0, 2.0, None)) == ("5", "1", "2", "0.5", "-")
