"""How `mtorch run` ends where a script fails, is stopped, or has nothing to be seen: what is said, and the status."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtorch.debug.recording.reader import Recording
from tests.tui.test_run_odd import LAYER
from tui.cli import main
from tui.notebook import Notebook

FAILS = LAYER + "step(); step()\nnp.linalg.inv(np.zeros((2, 2)))\n"
LEAVES = LAYER + "step()\nraise SystemExit(3)\n"
STOPPED = LAYER + "step()\nraise KeyboardInterrupt\n"
UNUSED = "from mtorch.debug import watch\nwatch.layer('tanh', lambda x: x, lambda g: g)\n"
FUNCTIONS = "def forward(x): return x\n"
LACKING = "from mtorch.debug import watch\nwatch.layer('tanh', lambda x: x)\n"
NESTED = (
    LAYER
    + """
class Net:
    def forward(self, x): return layer.forward(x)
    def backward(self, g): return layer.backward(g)
net = Net()
while True: net.backward(net.forward(rng.normal(size=(4, 3))))
"""
)
OPTION = ("--iteration-of",)


@pytest.mark.parametrize(
    ("script", "options", "status", "said"),
    [
        (FAILS, (), 2, "the script failed: a.py:13: numpy.linalg.LinAlgError: Singular matrix, after 2 iterations"),
        (LEAVES, (), 2, "the script failed: a.py:13: it left with status 3, after 1 iteration"),
        (STOPPED, (), 130, "stopped by Ctrl-C; 1 iteration recorded"),
        ("raise SystemExit(3)", (), 2, "a.py: nothing was recorded: a.py:1: it left with status 3"),
        (LAYER, (), 2, "a.py: nothing was recorded: watched, but never called: Scale"),
        (UNUSED, (), 2, "never called: tanh; watch.layer returns the functions to call in their place"),
        (FUNCTIONS, (), 2, "it has no class with a forward and a backward; functions are watched by watch.layer"),
        (LACKING, (), 2, "watch.layer: tanh has no backward; expected two functions"),
        (NESTED, (*OPTION, "Nope"), 2, "--iteration-of Nope: no class of that name was called; called were Net, Scale"),
        (
            NESTED,
            (*OPTION, "Scale"),
            2,
            "--iteration-of Scale: it is called only from inside others; from outside",
        ),
        ("x = = 3", (), 2, "a.py:1: SyntaxError: invalid syntax"),
    ],
)
def test_how_a_script_ended_is_said_in_a_line(
    script: str,
    options: tuple[str, ...],
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(script)
    with pytest.raises(SystemExit) as left:
        main(["run", "--check", "-o", "a.mtr", *options, "a.py"])
    lines = capfd.readouterr().err.splitlines()
    assert said in lines[-1] and left.value.code == status
    if Path("a.mtr").exists() and not options:
        assert Notebook(None, Recording("a.mtr")).ending == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nofile.py", "mtorch: nofile.py: no such file"),
        ("--foo", "mtorch: no such option: --foo"),
        (".", "mtorch: .: a folder, and no Python script"),
    ],
)
def test_what_is_no_script_is_said_before_anything_else(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["run", name])
    assert capsys.readouterr().err.strip() == said and left.value.code == 2
