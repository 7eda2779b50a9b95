"""Files whose build(seed) makes no Training, on the screen and at the commands."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mtorch.debug.lockstep import Other, next_divergence
from mtorch.debug.recording.window import Window
from mtorch.debug.timeline import Position
from tests.mtorch.debug.strangers.test_programs import EXAMPLE
from tui import cli
from tui.notebook import Notebook
from tui.recordings import opened
from tui.targets import load
from tui.viewmodels.way import opening, title

BATCHES = "\n    batches = (rng.uniform(-1, 1, (16, 2)) for _ in range(10**9))\n\n    def step("


def mtorch(*words: object) -> Any:
    return CliRunner().invoke(cli.main, list(map(str, words)), prog_name="mtorch")


@pytest.fixture
def forwards(tmp_path: Path) -> Path:
    """The example, with batches that come from a generator."""
    text = (
        EXAMPLE.read_text()
        .replace("\n    def step(", BATCHES)
        .replace("x = rng.uniform(-1, 1, (16, 2))", "x = next(batches)")
    )
    path = tmp_path / "forwards.py"
    path.write_text(text)
    return path


def test_the_commands_take_such_files(tmp_path: Path, forwards: Path) -> None:
    checked = json.loads(mtorch("check", EXAMPLE, "--json", "--iterations", 2).stdout)
    assert {(f["cause"], f["path"]) for f in checked["findings"]} == {("derivative-at-output", "tanh")}
    assert checked["back"] == {"way": "back by copies", "why": ""}
    said = mtorch("check", forwards, "--iterations", 1)
    assert said.exit_code == 1
    assert said.stdout.endswith("in the debugger, the latest 50 only: batches is a generator, which can't be copied\n")
    path = tmp_path / "a.mtr"
    assert "30 iterations" in mtorch("record", EXAMPLE, "-o", path, "--iterations", 30, "--keep", "0:2,last:1").stdout
    session, target, recording = opened(str(path), (), None, None, None)
    assert isinstance(session, Window) and target is None
    assert (len(session.losses), list(recording.kept)) == (30, [0, 1, 29])
    assert session.report(29).findings[0].path == "tanh"
    assert session.losses == [e.loss for e in map(load(str(EXAMPLE)).session().trace, range(30))]
    again = mtorch("replay", "--verify", path)
    assert again.exit_code == 2 and "it is of own_layers.py, whose build(seed) made no mtorch.Training" in again.stderr
    assert mtorch("diff", EXAMPLE, EXAMPLE, "--iterations", 3).exit_code == 0
    assert mtorch("diff", EXAMPLE, EXAMPLE, "--seed-b", 1, "--iterations", 3).exit_code == 1


def test_two_such_runs_are_looked_through_for_where_they_part() -> None:
    one, two = (load(str(EXAMPLE)).session() for _ in range(2))
    assert next_divergence(one, Other(two, "two"), Position(0), most=3) is None


async def test_the_screen_goes_back_and_forth_and_says_how(debug: Any, tmp_path: Path) -> None:
    target, path = load(str(EXAMPLE)), tmp_path / "a.mtr"
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        assert "loss · back by copies" in driver.text
        await driver.command("goto 40")
        assert driver.place == "40 forward dense"
        await driver.press("right_curly_bracket", "left_curly_bracket", "left_curly_bracket")
        assert driver.place == "39 forward dense"
        await driver.command("watch dense.W.grad_norm > 0.25")
        await driver.press("C")
        assert driver.place == "36 update dense.W"
        assert driver.status == "watch 1: dense.W.grad_norm > 0.25 (dense.W.grad_norm = 0.273)"
        await driver.command("set dense.W[0,0] = 1")
        assert driver.status == "set works on a mtorch.Training only; build(seed) made something else"
        await driver.command("goto 7 backward tanh")
        await driver.command("whence grad_input[0,0]")
        assert "0.977" in driver.text or "its one term" in driver.text
        await driver.press("escape")
        await driver.command(f"save {path}")
        assert "mtorch replay opens it" in driver.status
        await driver.press("e")
        assert driver.status == "set works on a mtorch.Training only; build(seed) made something else"
        await driver.command(f"export {tmp_path / 'a.html'}")
        assert driver.status.endswith("a report of iteration 7")
    kept = opened(str(path), (), None, None, None)[0]
    assert kept.report(7).findings[0].cause == "derivative-at-output"


def test_what_goes_forwards_only_says_so_first(forwards: Path) -> None:
    session = load(str(forwards)).session()
    assert opening(session.way, session.why) == "the latest 50 only: batches is a generator, which can't be copied"
    assert title(session.way) == "loss · the latest 50 only"
    assert (title(""), opening("back by copies", "")) == ("loss per element", "")
