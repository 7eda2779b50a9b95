"""The installed command in a real pseudo-terminal, as a person has it."""

from __future__ import annotations

import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtorch.debug.recording.reader import Recording
from tests.terminal import Terminal
from tui import cli

COMMAND = Path(sys.executable).with_name("mtorch")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal([COMMAND, "debug", "rnn-sin-cos-seed"])
    yield opened
    opened.close()


def test_a_person_finds_the_stale_cache_and_steps_back(terminal: Terminal) -> None:
    terminal.shows("iteration 0 › forward", "✗ 9 findings", "tour: 1 of 6")
    for place in (
        "iteration 0 › loss",
        "backward › linear",
        "backward › rnn ",
        "rnn › t=9 › linear",
        "rnn › t=8 › tanh",
    ):
        terminal.keys("c")
        terminal.shows(place)
    terminal.shows("tour: 2 of 6", "stale-cache", "the derivative at the input", "of t=9", "recorded / right")
    for place in ("rnn › t=8 ", "rnn › t=9 › linear", "rnn › t=9 › tanh"):
        terminal.keys("S")
        terminal.shows(place)
    terminal.keys(":goto 2 forward rnn t=3\r")
    terminal.shows("iteration 2 › forward › rnn › t=3")
    terminal.keys("q")
    terminal.until(lambda: terminal.process.poll() is not None and b"\x1b[?1049l" in terminal.raw)
    assert terminal.process.returncode == 0


CRASHING = """
import sys
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers

if sys.argv[1:2] == ["replay"]:
    import tui.app
    tui.app.DebuggerApp.action_sort = lambda app: 1 / 0

class Batches:
    def batch(self, number):
        return np.ones((2, 3), "f4"), np.ones((2, 3), "f4")

def build(seed):
    module = Module(Sequential([layers.Linear(3, 3, rng=seed)]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), Batches(), epoch=9)
"""


def test_a_crash_leaves_a_sane_terminal_a_whole_recording_and_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path / "home"))
    source, recording = tmp_path / "crashing.py", tmp_path / "run.mtr"
    source.write_text(CRASHING)
    made = CliRunner().invoke(cli.main, ["record", str(source), "-o", str(recording), "--iterations", "3"])
    assert made.exit_code == 0
    opened = Terminal([COMMAND, "replay", str(recording), "--source", str(source)], columns=200)
    before = termios.tcgetattr(opened.master)
    try:
        opened.shows("iteration 0 › forward", "gradients right")
        opened.keys(":note a thought\r")
        opened.shows("noted at 0 forward")
        opened.keys("o")
        opened.until(lambda: opened.process.poll() is not None and b"\x1b[?1049l" in opened.raw)
        assert opened.process.returncode == 70
        after = opened.raw.rpartition(b"\x1b[?1049l")[2].decode()
        (log,) = Path(opened.home.name, "log").iterdir()
        assert f"crashed: ZeroDivisionError: division by zero; the traceback is in {log}" in after
        assert "Traceback" not in after and after.count("\n") == 1
        assert b"\x1b[?1000l" in opened.raw, "the mouse is the terminal's again"
        assert termios.tcgetattr(opened.master) == before
        assert "in <lambda>" in log.read_text() and "1 / 0" not in after
        assert [text for _, text in Recording(recording).left["notes"]] == ["a thought"]
    finally:
        opened.close()


SLOW = """
import time
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers

class Slow(layers.Tanh):
    def forward(self, x):
        if x.dtype != np.float32:
            time.sleep(20)
        return super().forward(x)

class Batches:
    def batch(self, number):
        return np.ones((2, 3), "f4"), np.ones((2, 3), "f4")

def build(seed):
    module = Module(Sequential([layers.Linear(3, 3), Slow()]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), Batches(), epoch=9)
"""


def test_leaving_does_not_wait_for_a_check_and_256_colours_are_enough(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    few = {"TERM": "xterm-256color", "COLORTERM": ""}
    opened = Terminal([COMMAND, "debug", str(tmp_path / "slow.py")], environment=few)
    try:
        opened.shows("checking …")
        time.sleep(0.3)
        began = time.monotonic()
        opened.keys("q")
        opened.until(lambda: opened.process.poll() is not None and b"\x1b[?1049l" in opened.raw)
        assert time.monotonic() - began < 5
        assert opened.process.returncode == 0
        assert b"48;5;" in opened.raw and b"48;2;" not in opened.raw
    finally:
        opened.close()
