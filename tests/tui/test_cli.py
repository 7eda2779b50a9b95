"""The command: what it prints, what it returns, and one line for all that is unusable."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import mtorch
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Address
from mtorch.debug.gradcheck import TOLERANCE, Check
from mtorch.errors import MtorchError
from scenarios import SCENARIOS
from tui import cli, debugging, terminal
from tui.as_json import dumps
from tui.checking import Checked
from tui.frame import Frame
from tui.output import check_report
from tui.targets import WANTED

FAULTS = [name for name, scenario in SCENARIOS.items() if "fault" in scenario.tags and "gallery" not in scenario.tags]
HEALTHY = [name for name, scenario in SCENARIOS.items() if scenario.expected is None]
PROCESS = [sys.executable, "-c", "from tui.cli import main; main(prog_name='mtorch')"]

MINE = """
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.layers.base import Layer

class Batches:
    def batch(self, number):
        {batch}
        rng = np.random.default_rng(number)
        return rng.standard_normal((4, {columns})).astype("f4"), np.zeros((4, 2), "f4")

class Mine(Layer):
    name = {label!r}
    def forward(self, x):
        print("forward")
        self.x = x
        return {forward}
    def backward(self, grad_output):
        return {backward}

def build(seed):
    module = Module(Sequential([{layers}]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.01), Batches(), epoch=3)
"""
DEFAULTS = {
    "batch": "",
    "columns": 3,
    "layers": "layers.Linear(3, 2), Mine()",
    "label": "mine",
    "forward": "x * x",
    "backward": "2 * self.x * grad_output",
}


def mine(folder: Path, **parts: Any) -> str:
    path = folder / "mine.py"
    path.write_text(MINE.format(**{**DEFAULTS, **parts}))
    return str(path)


def run(*args: str) -> Result:
    return CliRunner().invoke(cli.main, args)


def refused(*args: str) -> str:
    """The one line on stderr that a call with unusable input gets."""
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    line, end = result.stderr[:-1], result.stderr[-1:]
    assert end == "\n"
    assert "\n" not in line
    assert line.startswith("mtorch")
    return line


def test_help_needs_neither_numpy_nor_a_screen() -> None:
    code = "import sys, tui.cli; print([m for m in ('numpy', 'rich', 'textual', 'mtorch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("args", [(), ("-h",), ("--help",)])
def test_help(args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code == 0
    for command in ("list", "debug", "check", "train"):
        assert f"\n  {command} " in result.stdout


def test_version() -> None:
    assert run("--version").stdout == f"mtorch {mtorch.__version__}\n"


def test_list() -> None:
    result = run("list")
    assert result.exit_code == 0
    for name in SCENARIOS:
        assert f" {name} " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_list_as_json() -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert [set(scenario) for scenario in listed] == [{"name", "summary", "tags", "settings", "expected"}] * len(listed)
    assert [scenario["name"] for scenario in listed] == list(SCENARIOS)
    expected = {scenario["name"]: scenario["expected"] for scenario in listed}
    assert expected["rnn-sin-cos"] is None
    assert {"cause": "stale-cache", "path": "rnn.tanh", "tensor": "grad_input", "t": list(range(9))} in (
        expected["rnn-sin-cos-seed"]
    )


def test_list_by_tag() -> None:
    listed = json.loads(run("list", "--tag", "fault", "--json").stdout)
    assert {scenario["name"] for scenario in listed} == {name for name, s in SCENARIOS.items() if "fault" in s.tags}
    assert "mnist-mlp-seed" in run("list", "--tag", "fault").stdout
    assert "rnn-sin-cos " not in run("list", "--tag", "fault").stdout


def test_list_one() -> None:
    shown = run("list", "rnn-sin-cos-seed").stdout
    for part in ("hidden=32", "lr=0.1", "rnn, regression, fault", "stale-cache rnn.tanh grad_input t=0…8"):
        assert part in shown
    assert "takes no --data" in shown
    assert "it is healthy" in run("list", "mnist-mlp").stdout
    assert [s["name"] for s in json.loads(run("list", "mnist-mlp", "--json").stdout)] == ["mnist-mlp"]


def check_json(*args: str) -> tuple[int, dict[str, Any]]:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    result = run("check", *args, "--json")
    return result.exit_code, json.loads(result.stdout, parse_constant=no_constant)


@pytest.mark.parametrize("name", FAULTS)
def test_check_finds_what_a_scenario_expects(name: str) -> None:
    status, report = check_json(name)
    assert (status, report["ok"]) == (1, False)

    def identities(findings: Any) -> set[str]:
        return {json.dumps([f["cause"], f["path"], f["tensor"], f["t"]]) for f in findings}

    for iteration in range(3):
        found = [f for f in report["findings"] if f["iteration"] == iteration and f["severity"] == "error"]
        assert identities(found) == identities(SCENARIOS[name].expected)


@pytest.mark.parametrize("name", ["sick-dead-relu", "sick-gradients-not-reset", "sick-lr-too-large"])
def test_check_warns_of_what_is_sick(name: str) -> None:
    status, report = check_json(name, "--iterations", "1")
    assert (status, report["ok"]) == (0, True)
    found = [{key: f[key] for key in ("cause", "path", "tensor", "t")} for f in report["findings"]]
    assert found == list(SCENARIOS[name].expected or ())
    assert {(f["severity"], f["iteration"]) for f in report["findings"]} == {("warning", 9)}
    assert check_json(name, "--iterations", "1", "--health", "0")[1]["findings"] == []


def test_warnings_come_after_errors(tmp_path: Path) -> None:
    raw = "return np.full((4, 3), 9.0) + np.eye(4, 3), np.ones((4, 2))"
    shown = run("check", mine(tmp_path, batch=raw, backward="-2 * self.x * grad_output")).stdout
    assert shown.index("error: wrong-sign") < shown.index("warning: unnormalised-input")


def test_where_data_ends_health_is_what_was_seen(tmp_path: Path) -> None:
    status, report = check_json(mine(tmp_path, batch="if number == 4: raise IndexError"))
    assert (status, report["ok"], report["findings"]) == (0, True, [])


@pytest.mark.parametrize("name", HEALTHY)
def test_check_clears_what_is_healthy(name: str) -> None:
    status, report = check_json(name)
    assert (status, report["ok"], report["findings"]) == (0, True, [])
    assert report["checks"]
    assert all(check["ok"] is True for check in report["checks"])


def test_the_schema_of_check() -> None:
    status, report = check_json("rnn-sin-cos-seed", "--seed", "4", "--iterations", "2")
    assert status == 1
    assert list(report) == ["schema", "target", "seed", "iterations", "ok", "checks", "findings"]
    assert [report[key] for key in ("schema", "target", "seed", "iterations")] == [1, "rnn-sin-cos-seed", 4, 2]
    checks = ["iteration", "path", "t", "tensor", "relative_error", "tolerance", "method", "ok"]
    findings = ["cause", "severity", "path", "tensor", "iteration", "t", "message", "evidence"]
    assert {tuple(check) for check in report["checks"]} == {tuple(checks)}
    assert {tuple(finding) for finding in report["findings"]} == {tuple(findings)}
    assert {check["iteration"] for check in report["checks"]} == {0, 1}
    assert {check["t"] for check in report["checks"] if check["path"] == "rnn.tanh"} == set(range(10))
    stale = [f for f in report["findings"] if f["cause"] == "stale-cache" and f["path"] == "rnn.tanh"]
    assert [f["t"] for f in stale] == [list(range(9))] * 2
    assert [f["evidence"]["matches_t"] for f in stale] == [9, 9]


def test_json_has_no_numbers_that_are_not_finite() -> None:
    awkward = {"a": np.float32("nan"), "b": [float("inf"), np.int64(3)], "c": np.array([1.0, -np.inf]), 4: (None, True)}
    assert json.loads(dumps(awkward)) == {"a": None, "b": [None, 3], "c": [1.0, None], "4": [None, True]}


def test_check_json_of_gradients_that_are_not_finite(tmp_path: Path) -> None:
    status, report = check_json(mine(tmp_path, backward="grad_output * np.nan"), "--iterations", "1")
    assert (status, report["ok"]) == (1, False)
    wrong = [c for c in report["checks"] if c["path"] == "mine"]
    assert [(c["ok"], c["relative_error"]) for c in wrong] == [(False, None)]


def test_what_a_target_prints_does_not_spoil_the_json(tmp_path: Path) -> None:
    result = run("check", mine(tmp_path), "--json")
    assert json.loads(result.stdout)["ok"] is True
    assert "forward\n" in result.stderr


def test_the_report_for_people() -> None:
    result = run("check", "rnn-sin-cos-seed")
    shown = result.stdout
    assert result.exit_code == 1
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown
    assert shown.count("error: stale-cache") == 2
    assert max(map(shown.rindex, ("error: stale-cache", "error: unreachable-target"))) < shown.index("wrong-scale")
    for part in ("in iterations 0…2; see 0 backward rnn.tanh t=8", "matches t 9", "27 WRONG", " ok\n"):
        assert part in shown
    assert shown.endswith("\n9 findings in 3 iterations; 147 gradients checked, 126 wrong\n")


def test_the_report_of_what_is_healthy() -> None:
    result = run("check", "mnist-mlp", "--iterations", "1")
    assert result.exit_code == 0
    assert "WRONG" not in result.stdout
    assert "\nok: 12 gradients of 1 iteration agree with numerical derivatives, worst relative error " in result.stdout


def test_a_report_with_warnings_alone_is_ok_and_tells_what_was_not_checked() -> None:
    finding = Finding("saturated-units", "warning", "tanh", "output", 0, (), "half of them", {}, 3)
    checks = (Check(0, "tanh", None, "grad_input", None, TOLERANCE, "not checked: a kink", None, 3),)
    checked = Checked("mine", 0, 1, checks, ((finding, Address(0, "forward", "tanh")),))
    assert checked.ok
    shown = rendered(check_report(checked))
    assert "1. warning: saturated-units" in shown
    assert "not checked" in shown
    assert "ok: 1 finding in 1 iteration; 0 gradients checked, 0 wrong; 1 not checked" in shown
    assert json.loads(dumps({"ok": checks[0].ok})) == {"ok": None}


def rendered(renderable: Any) -> str:
    from rich.console import Console

    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_names_and_messages_are_text_not_markup_nor_escapes(tmp_path: Path) -> None:
    name = "[red]x\x1b[2J\u202e"
    result = run("check", mine(tmp_path, label=name, backward="grad_output"), "--iterations", "1")
    assert result.exit_code == 1
    assert "[red]x�[2J�'s grad_input" in result.stdout
    assert "\x1b" not in result.stdout


def test_exhaustive_compares_every_element() -> None:
    status, report = check_json("mnist-mlp", "--exhaustive", "--iterations", "1")
    assert status == 0
    assert {check["method"] for check in report["checks"]} == {"complex-step, every element"}


@pytest.mark.parametrize("exhaustive", [(), ("--exhaustive",)])
def test_kinks_are_seen_past(tmp_path: Path, exhaustive: tuple[str, ...]) -> None:
    """A direction moves all elements, and measures nothing where one lies at a kink: small tensors go by elements."""
    name = mine(
        tmp_path,
        batch="return np.array([[0.0, 2.0, -3.0]]), np.ones((1, 3))",
        layers="Mine()",
        forward="np.fabs(x)",
        backward="grad_output * np.where(self.x < 0, SLOPE, 1)",
    )

    def checked(slope: float, *args: str) -> dict[str, Any]:
        text = Path(name).read_text().replace("SLOPE", str(slope))
        (tmp_path / "kink.py").write_text(text)
        [check] = [c for c in check_json(str(tmp_path / "kink.py"), *args)[1]["checks"] if c["path"] == "mine"]
        return check

    for slope, ok in ((-1, True), (-0.5, False)):
        check = checked(slope, "--iterations", "1", *exhaustive)
        assert (check["ok"], check["method"]) == (ok, "central-difference, 2 of 3 elements")


@pytest.mark.parametrize("name", FAULTS)
def test_exhaustive_comes_to_the_same_findings(name: str) -> None:
    findings = [
        [
            (f["cause"], f["path"], f["tensor"], f["t"])
            for f in check_json(name, "--iterations", "1", *args)[1]["findings"]
        ]
        for args in ((), ("--exhaustive",))
    ]
    assert findings[0] == findings[1] != []


def test_train_prints_a_line_an_epoch() -> None:
    result = run("train", "mnist-mlp", "--epochs", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second, last = result.stdout.splitlines()
    assert first.startswith("epoch 1/2: loss per element 0.0")
    assert second.startswith("epoch 2/2: loss per element 0.0")
    assert "test accuracy" in first
    assert last.startswith("done: 142 iterations, loss per element 0.0")
    assert "(mean of the last epoch), test accuracy" in last
    assert second.split("accuracy")[1] == last.split("accuracy")[1]


def test_train_prints_the_mean_loss_of_each_epoch() -> None:
    training = SCENARIOS["rnn-sin-cos"].build(0)
    losses = [training.step(iteration).per_element for iteration in range(200)]
    lines = run("train", "rnn-sin-cos", "--epochs", "2").stdout.splitlines()
    assert [line.split()[-1] for line in lines[:2]] == [f"{np.mean(losses[n : n + 100]):.6g}" for n in (0, 100)]


def test_train_of_a_py_file_has_ten_epochs(tmp_path: Path) -> None:
    result = run("train", mine(tmp_path))
    assert result.exit_code == 0
    assert "epoch 10/10: " in result.stdout
    assert "done: 30 iterations, " in result.stdout


def test_train_stops_at_a_loss_that_is_not_finite() -> None:
    assert "iteration 1: the loss is not finite" in refused("train", "rnn-sin-cos", "--set", "lr=1e30")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "stopped before the first iteration was done\n"),
        (4, "stopped: 4 iterations, loss per element {mean} (mean of the epoch so far)\n"),
    ],
)
def test_train_says_what_was_reached_when_interrupted(tmp_path: Path, number: int, said: str) -> None:
    result = run("train", mine(tmp_path, batch=f"if number == {number}: raise KeyboardInterrupt"))
    last = result.stdout.splitlines(keepends=True)[-1]
    assert result.exit_code == 130
    assert "Traceback" not in result.output
    assert last == said.format(mean=last.split()[6] if number else "")


def test_check_interrupted(tmp_path: Path) -> None:
    result = run("check", mine(tmp_path, batch="raise KeyboardInterrupt"))
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (130, "", "")


@pytest.mark.parametrize("command", ["check", "train"])
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"columns": 5}, "mine.py: iteration 0: Linear at layers[0] expected"),
        ({"forward": "x @ np.zeros((7, 2))"}, "mine.py:17: iteration 0: ValueError: matmul"),
        ({"batch": "if number == 2: number['a']"}, "mine.py:8: iteration 2: TypeError: 'int' object is not"),
        ({"backward": "exit('enough')"}, "iteration 0: SystemExit: enough"),
    ],
)
def test_a_target_that_raises_while_it_runs(tmp_path: Path, command: str, parts: dict[str, Any], said: str) -> None:
    result = run(command, mine(tmp_path, **parts))
    errors = [line for line in result.stderr.splitlines() if line != "forward"]
    assert (result.exit_code, result.stdout, len(errors)) == (2, "", 1)
    assert said in errors[0]


BAD_CALLS = {
    "no such command": (("chekc",), "No such command 'chekc'"),
    "no such option": (("check", "mnist-mlp", "--jsn"), "No such option"),
    "no target": (("check",), "Missing argument 'TARGET'"),
    "two targets": (("check", "mnist-mlp", "rnn-sin-cos"), "unexpected extra argument"),
    "unknown scenario": (("check", "mnist-mpl"), "did you mean 'mnist-mlp'?"),
    "unknown to list": (("list", "mnist-mpl"), "did you mean 'mnist-mlp'?"),
    "unknown tag": (("list", "--tag", "falt"), "there are classification, cnn, fault"),
    "name and tag": (("list", "mnist-mlp", "--tag", "fault"), "expected NAME or --tag"),
    "missing file": (("train", "none.py"), "none.py: cannot be read: No such file"),
    "recording": (("debug", "run.mtr"), "needs a terminal"),
    "recording to check": (("check", "run.mtr"), "run.mtr: cannot be read: No such file"),
    "zero iterations": (("check", "mnist-mlp", "--iterations", "0"), "'--iterations': 0 is not in the range x>=1"),
    "negative epochs": (("train", "mnist-mlp", "--epochs", "-2"), "'--epochs': -2 is not in the range x>=1"),
    "epochs in words": (("train", "mnist-mlp", "--epochs", "few"), "'few' is not a valid integer"),
    "negative seed": (("check", "mnist-mlp", "--seed", "-1"), "'--seed': -1 is not in the range"),
    "giant seed": (("check", "rnn-sin-cos", "--seed", str(2**64)), "is not in the range"),
    "malformed setting": (("check", "mnist-mlp", "--set", "hidden"), "--set hidden: expected key=value"),
    "data for waves": (("train", "rnn-sin-cos", "--data", "."), "takes no data"),
    "no such data": (("train", "mnist-mlp", "--data", "nowhere"), "nowhere: expected a folder"),
    "empty data": (("check", "mnist-mlp", "--data", ""), "Invalid value for '--data': expected a folder, got ''"),
    "set twice": (("check", "mnist-mlp", "--set", "lr=1", "--set", "lr=2"), "--set lr=2: expected lr once"),
    "too much": (("check", "rnn-sin-cos", "--set", f"hidden={9**20}", "--set", "lr=1"), f"--set hidden={9**20} lr=1: "),
    "batch": (("check", "mnist-mlp", "--set", "batch=99999"), "batch_size in 1..1437, got 99999"),
    "escapes": (("check", "a\x1b[31m\nb"), "no scenario is called 'a\\x1b[31m\\nb'"),
}


@pytest.mark.parametrize(("args", "said"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_unusable_calls(args: tuple[str, ...], said: str) -> None:
    assert said in refused(*args)


def test_an_error_of_several_lines_is_told_in_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("raise ValueError('one\\ntwo\\x1b[2J')\n")
    assert refused("check", str(path)) == f"mtorch: {path}:1: ValueError: one two�[2J"


def test_the_debugger_names_the_headless_commands_without_a_terminal() -> None:
    line = refused("debug", "mnist-mlp")
    assert "mtorch check mnist-mlp" in line
    assert "mtorch train mnist-mlp" in line


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What debuggers were given, which are not run."""
    given: list[dict[str, Any]] = []

    def run(self: Frame, **options: Any) -> None:
        try:
            given.append(self.load()[1] if self.load else vars(self))
        except MtorchError as error:
            self.failure = error

    monkeypatch.setattr(Frame, "run", run)
    monkeypatch.setattr(debugging, "keep", lambda app: None)
    for module in (cli, debugging):
        monkeypatch.setattr(module, "on_terminal", lambda: True)
    return given


def test_debug_opens_the_target(opened: list[dict[str, Any]]) -> None:
    assert run("debug", "rnn-sin-cos", "--seed", "2", "--set", "hidden=4").exit_code == 0
    [given] = opened
    assert given["target"] == "rnn-sin-cos"
    session = given["session"]
    assert session.training.model.layers()[0].layers[0].out_dim == 4
    assert len(session.losses) == 1


def test_debug_takes_another_run_that_seed_and_settings_go_to_as_well(opened: list[dict[str, Any]]) -> None:
    assert run("debug", "rnn-sin-cos", "--diff", "rnn-sin-cos-seed", "--set", "hidden=4").exit_code == 0
    other = opened[0]["other"]
    assert other.name == "rnn-sin-cos-seed"
    assert other.session.training.model.state_dict()["rnn.linear.weight"].shape == (5, 4)
    assert "'rnn-sin-cost'" in refused("debug", "rnn-sin-cos", "--diff", "rnn-sin-cost")
    assert "--seed 1: no.mtr has its own" in refused("debug", "rnn-sin-cos", "--seed", "1", "--diff", "no.mtr")


def test_debug_of_what_cannot_run_opens_no_screen(opened: list[dict[str, Any]], tmp_path: Path) -> None:
    assert "iteration 0: Linear at layers[0] expected" in refused("debug", mine(tmp_path, columns=5))
    assert opened == []


@pytest.mark.parametrize(("picked", "targets"), [(None, []), ("mnist-mlp", ["mnist-mlp"])])
def test_without_arguments_the_picker_chooses(
    opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, picked: str | None, targets: list[str]
) -> None:
    picker = ModuleType("tui.picker")
    picker.pick = lambda: picked  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.picker", picker)
    assert run().exit_code == 0
    assert [given["target"] for given in opened] == targets


def test_an_async_build_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("async def build(seed): pass\n")
    done = subprocess.run([*PROCESS, "check", str(path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"mtorch: {path}: build(seed) expected to return {WANTED}, got coroutine\n"


@pytest.mark.parametrize("args", [("check", "rnn-sin-cos", "--iterations", "1"), ("list", "--json"), ("--help",)])
def test_output_that_cannot_be_written_is_one_line(args: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROCESS, *args], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "mtorch: stdout: No space left on device\n")


def test_a_pipe_that_closes_early_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run([*PROCESS, "list", "--json"], stdout=closed, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_piped_to_a_file(encoding: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "NO_COLOR": "1"}
    done = subprocess.run(
        [*PROCESS, "check", "rnn-sin-cos-seed", "--iterations", "1", "--health", "0"], capture_output=True, env=env
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\x1b" not in done.stdout
    assert "WRONG" in done.stdout.decode(encoding)


def test_the_progress_bar_stays_on_stderr() -> None:
    """On a terminal there is a bar; stdout has the same lines as without."""
    ours, theirs = pty.openpty()
    args = [*PROCESS, "train", "mnist-mlp", "--epochs", "1"]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        bar = b"".join(iter(lambda: read(ours), b""))
        os.close(ours)
        stdout, _ = process.communicate()
    assert process.returncode == 0
    assert b"epoch 1/1" in bar
    assert stdout == run("train", "mnist-mlp", "--epochs", "1").stdout


def read(terminal: int) -> bytes:
    """What a terminal shows next; nothing once the other side is closed, which Linux calls an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_what_is_noted_is_not_called_wrong_and_names_stay_whole() -> None:
    names = ("grad_batchnorm2.gamma", "grad_batchnorm2.beta", "grad_input")
    checks = tuple(Check(0, "mlp", None, name, 1.26e-8, TOLERANCE, "complex-step", True, 3) for name in names)
    decayed = Check(0, "mlp.dense", None, "grad_W", 0.0126, TOLERANCE, "central-difference, 2 of 3 elements", False, 4)
    finding = Finding("weight-decay", "info", "mlp.dense", "grad_W", 0, (), "plus weight decay", {}, 4)
    checked = Checked("a.py", 0, 1, (*checks, decayed), ((finding, Address(0, "backward", "mlp.dense")),), script=True)
    shown = rendered(check_report(checked))
    assert "WRONG" not in shown and "seed" not in shown and all(name in shown for name in names)
    assert "as noted" in shown and "1.3e-08" in shown and "differences, a sample" in shown
    assert "ok: 1 finding in 1 iteration; 4 gradients checked, 0 wrong; 1 as noted\n" in shown
    assert "covered: 2 layers (mlp, mlp.dense)" in shown and "which was not seen" in " ".join(shown.split())


def test_what_is_being_loaded_is_said_at_once_and_wiped_out_then(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((30, 24)))
    with terminal.under_way("loading \x1b[2J and a name that is long"):
        assert sys.stderr.getvalue() == "mtorch: loading �[2J and a na\r"
    assert sys.stderr.getvalue().endswith("\r\x1b[2K")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with terminal.under_way("loading"):
        pass
    assert sys.stderr.getvalue() == ""
