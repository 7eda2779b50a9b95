"""Recordings on the command line: made, run again, refused."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.window import Window
from tests.mtorch.debug.recording.test_recording import fingerprint
from tui import cli, recordings
from tui.record import Tape
from tui.targets import load

MINE = """
import numpy as np
from mtorch import SGD, DataLoader, Module, Sequential, SquareLoss, Training, layers
print("built")
def build(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((40, 3)).astype("f4")
    module = Module(Sequential([layers.Linear2(3, 2, rng=seed)]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), DataLoader(x, x[:, :2], 4))
"""

BAD = """
class Bad(layers.Relu):
    n = 0
    def forward(self, x):
        self.n += 1
        if self.n == 12:
            raise OSError("no")
        return super().forward(x)
"""


def mtorch(*words: object) -> Result:
    return CliRunner().invoke(cli.main, list(map(str, words)), prog_name="mtorch")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.mtr"


def record(path: Path, target: object = "rnn-sin-cos", *more: object) -> Result:
    return mtorch("record", target, "-o", path, "--iterations", 30, "--every", 8, *more)


def meta(path: Path, **values: Any) -> None:
    """Forge what a recording says of its run."""
    with sqlite3.connect(path) as base:
        for name, value in values.items():
            base.execute("UPDATE meta SET value = ? WHERE name = ?", (json.dumps(value), name))
    base.close()


def test_record_says_what_is_in_the_file(path: Path) -> None:
    result = record(path, "rnn-sin-cos", "--keep", "0:2,last:3", "--seed", 3)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.output.startswith(f"done: 30 iterations in {path}, a checkpoint every 8, ")
    found = Recording(path)
    assert (found.kept, found.checkpoints, found.meta["seed"]) == ((0, 1, 27, 28, 29), (0, 8, 16, 24), 3)
    assert found.meta["target"]["settings"]["hidden"] == 32
    assert {"data", "dtype", "version", "machine"} <= found.meta.keys()
    assert {"kernel", "threads", "features", "numpy"} <= found.meta["machine"].keys()


def test_replay_verifies(path: Path) -> None:
    record(path, "rnn-sin-cos", "--seed", 3, "--set", "hidden=8")
    result = mtorch("replay", "--verify", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.output == f"the same, bit by bit: 30 losses, 4 checkpoints and 3 iterations kept whole of {path}\n"


def test_what_comes_out_otherwise_is_named_and_the_machine_is_compared(path: Path) -> None:
    record(path)
    weight = Recording(path).state(16).model["linear.weight"] + np.float32(0.25)
    with sqlite3.connect(path) as base:
        where = "WHERE iteration = 16 AND name = 'linear.weight'"
        base.execute(f"UPDATE states SET data = ? {where}", (weight.tobytes(),))
    base.close()
    result = mtorch("replay", "--verify", path)
    assert result.exit_code == 1
    assert "otherwise here, first at, or after, iteration 8" in result.output
    assert "at the start of iteration 16: linear.weight[" in result.output
    assert "off by 0.25" in result.output
    assert "the machine is the same" in result.output
    machine = {**Recording(path).meta["machine"], "kernel": "Nehalem", "threads": [8]}
    meta(path, machine=machine)
    assert "explains last bits: kernel Nehalem there, " in mtorch("replay", "--verify", path).output


def test_a_recording_is_a_target(path: Path) -> None:
    record(path, "rnn-sin-cos-seed", "--seed", 2)
    result = mtorch("check", path, "--json", "--iterations", 1)
    assert result.exit_code == 1
    straight = mtorch("check", "rnn-sin-cos-seed", "--json", "--iterations", 1, "--seed", 2)
    assert json.loads(result.output)["findings"] == json.loads(straight.output)["findings"]
    result = mtorch("check", path, "--seed", 1)
    assert (result.exit_code, result.stderr) == (
        2,
        f"mtorch: --seed 1: {path} has its own; a recording is run as it was\n",
    )


def test_a_session_of_a_recording_goes_on_as_the_run_would_have(path: Path) -> None:
    record(path)
    run, straight = load(str(path)).session(), load("rnn-sin-cos").session()
    assert len(run.losses) == 30
    assert fingerprint(run.trace(42)) == fingerprint(straight.trace(42))


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        ({"target": {"kind": "scenario", "name": "nonesuch", "settings": {}}}, "no scenario is called 'nonesuch' here"),
        ({"target": None}, "it doesn't say what made it"),
        ({"seed": -1}, "it doesn't say what made it"),
        ({"seed": True}, "it doesn't say what made it"),
        ({"data": "00"}, "its scenario makes other data here"),
        (
            {"target": {"kind": "scenario", "name": "rnn-sin-cos", "settings": {"hidden": 10**9}}},
            "hidden=1000000000 is unusually large; --set hidden=1000000000 says that it is meant",
        ),
        (
            {"target": {"kind": "scenario", "name": "rnn-sin-cos", "settings": {"hidden": "8"}}},
            "expected a positive int for hidden, got '8'",
        ),
        (
            {"target": {"kind": "scenario", "name": "rnn-sin-cos", "settings": {"os": 8}}},
            "its settings are not those of rnn-sin-cos",
        ),
        (
            {"target": {"kind": "scenario", "name": "rnn-sin-cos", "settings": {"hidden": 8}}},
            "its scenario makes other data here",
        ),
    ],
)
def test_what_is_forged_is_not_run(path: Path, forged: dict[str, Any], reason: str) -> None:
    record(path)
    meta(path, **forged)
    result = mtorch("replay", "--verify", path)
    assert (result.exit_code, result.stderr) == (2, f"mtorch: {path}: cannot be run again: {reason}\n")
    session, target, _ = recordings.opened(str(path), (), None, None, None)
    assert isinstance(session, Window)
    assert target is None
    assert session.reason == reason
    assert session.trace(2).events


def test_a_network_of_another_make_is_not_taken_for_the_one_recorded(path: Path) -> None:
    record(path, "mnist-mlp")
    meta(path, target={"kind": "scenario", "name": "mnist-mlp", "settings": {"hidden": 8}})
    assert "the network that is built here has other parameters" in mtorch("replay", "--verify", path).stderr


def test_a_users_file_is_run_only_where_the_user_names_it(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(MINE)
    assert record(path, mine).exit_code == 0
    result = mtorch("replay", "--verify", path)
    reason = "a file made it, mine.py; --source FILE runs that file"
    assert (result.exit_code, result.stderr) == (2, f"mtorch: {path}: cannot be run again: {reason}\n")
    result = mtorch("replay", "--verify", path, "--source", mine)
    assert (result.exit_code, result.stderr) == (0, "built\n")
    mine.write_text(MINE + "\n")
    result = mtorch("replay", "--verify", path, "--source", mine)
    assert "isn't the file that made it, or was changed since" in result.stderr


def test_without_its_data_it_says_so(path: Path, mnist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path))
    assert record(path, "mnist-mlp", "--data", mnist).exit_code == 0
    result = mtorch("replay", "--verify", path)
    assert result.stderr == (f"mtorch: {path}: cannot be run again: its data isn't here; --data DIR says where it is\n")
    assert mtorch("replay", "--verify", path, "--data", mnist).exit_code == 0


def test_what_a_layer_raises_says_where_and_keeps_what_came_before(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    text = MINE.replace("    return Training", "    module.sequential.layers.append(Bad())\n    return Training")
    mine.write_text(text + BAD)
    result = record(path, mine)
    assert result.exit_code == 2
    assert f"iteration 11 (what came before is in {path}): OSError: no" in result.stderr
    assert len(Recording(path).losses) == 11


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "x"], "--keep x: expected FIRST:STOP or last:N, such as 0:50,last:20, got 'x'"),
        (["--size", "0"], "expected a size such as 512M, got '0'"),
        (["--size", "many"], "expected a size such as 512M, got 'many'"),
        (["--iterations", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_can_not_be_recorded(path: Path, words: list[str], said: str) -> None:
    result = mtorch("record", "xor", "-o", path, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not path.exists()


def test_a_recording_that_is_there_stays_unless_told_otherwise(path: Path) -> None:
    record(path)
    before = path.read_bytes()
    result = record(path)
    assert (result.exit_code, path.read_bytes()) == (2, before)
    assert "exists already" in result.stderr
    assert record(path, "xor", "--force", "--keep", "x").exit_code == 2
    assert path.read_bytes() == before
    assert record(path, "xor", "--force").exit_code == 0
    assert Recording(path).meta["target"]["name"] == "xor"


def test_ctrl_c_ends_a_recording_early_and_the_last_ones_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtorch import Training

    usual = Training.step

    def step(self: Training, iteration: int) -> Any:
        if iteration == 21 and not Path(f"{path}.told").exists():
            Path(f"{path}.told").touch()
            raise KeyboardInterrupt
        return usual(self, iteration)

    monkeypatch.setattr(Training, "step", step)
    result = record(path, "rnn-sin-cos", "--keep", "last:3")
    assert result.exit_code == 130
    assert result.output.startswith(f"stopped: 21 iterations in {path}")
    found = Recording(path)
    assert (len(found.losses), found.kept) == (21, (18, 19, 20))


def test_what_is_no_recording_is_not_replaced(path: Path) -> None:
    path.write_text("my thesis")
    result = record(path, "xor", "--force")
    assert (result.exit_code, path.read_text()) == (2, "my thesis")
    assert "is no recording, and is left alone" in result.stderr


def test_the_file_that_was_run_is_the_one_that_is_named(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(MINE)
    target = load(str(mine))
    mine.write_text(MINE.replace("0.1", "99.0"))
    Tape(target, path, 5, None, "", True, None, False).run(lambda: None)
    assert "isn't the file that made it" in mtorch("replay", "--verify", path, "--source", mine).stderr
    mine.write_text(MINE)
    assert mtorch("replay", "--verify", path, "--source", mine).exit_code == 0
