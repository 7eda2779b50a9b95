"""What a screen shows, as files: of one small network with a wrong layer and names that would break a page."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mtorch.errors import DataError, MtorchError
from tui import cli
from tui.app import DebuggerApp
from tui.export import files
from tui.export.chart import curve
from tui.export.making import size_of
from tui.export.tensors import csv_lines, npz

WRONG = """
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers

class Twice(layers.Layer):
    name = "twice<script>"
    def __init__(self):
        super().__init__()
        self.parameters = {"<b>&\\x1b": np.full(3, 1.5, "f4")}
    def forward(self, x):
        self.save(x)
        return x * self.parameters["<b>&\\x1b"]
    def backward(self, grad_output):
        (x,) = self.take()
        self.accumulate(**{"<b>&\\x1b": (grad_output * x).sum((0, 1))})
        return 3 * grad_output * self.parameters["<b>&\\x1b"]

class Batches:
    def batch(self, number):
        rng = np.random.default_rng(number)
        return rng.standard_normal((4, 2, 3)).astype("f4"), np.zeros((4, 2, 3), "f4")

def build(seed):
    module = Module(Sequential([Twice(), layers.Linear(3, 3, rng=seed)]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.01), Batches(), epoch=3)
"""


@pytest.fixture
def target(tmp_path: Path) -> str:
    path = tmp_path / "wrong.py"
    path.write_text(WRONG)
    return str(path)


def run(*args: object) -> Result:
    return CliRunner().invoke(cli.main, ["export", *map(str, args)])


class Page(HTMLParser):
    """Whether tags close, what they are, and what is said between them."""

    VOID = {"meta", "br"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_csv_is_the_wrong_tensor_with_the_right_numbers(target: str, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    result = run(target, "-o", out)
    assert result.exit_code == 0
    assert "grad_input (4x2x3) at 0 backward twice<script>, with the right numbers beside it" in result.stdout
    head, *rows = out.read_text().splitlines()
    assert head == "i0,i1,0 recorded,0 right,1 recorded,1 right,2 recorded,2 right"
    numbers = np.array([row.split(",") for row in rows], float)
    assert numbers.shape == (8, 8)
    assert numbers[:, :2].tolist() == [[i, j] for i in range(4) for j in range(2)]
    np.testing.assert_allclose(numbers[:, 2::2], 3 * numbers[:, 3::2], rtol=1e-5)
    result = run(target, "-o", out, "--event", "1 update", "--tensor", "nothing", "--force")
    assert (result.exit_code, result.stdout) == (2, "")


def test_npz_has_all_tensors_under_safe_names(target: str, tmp_path: Path) -> None:
    result = run(target, "--event", "1 backward twice<script>", "--format", "npz", "-o", tmp_path / "a")
    assert result.exit_code == 0
    with np.load(tmp_path / "a", allow_pickle=False) as archive:
        named = dict(zip(archive["names"].tolist(), archive["keys"].tolist(), strict=True))
        assert str(archive["address"]) == "1 backward twice<script>"
        assert named["grad_<b>&\x1b"] == "grad__b"
        assert archive[named["grad_<b>&\x1b"]].shape == (3,)
        assert archive["grad_input"].dtype == np.float32


def test_html_stands_alone_and_escapes_names(target: str, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    result = run(target, "-o", out, "--iterations", "2")
    assert result.stdout == f"{out}: a report of iterations 0, 1\n"
    source = out.read_text(encoding="utf-8")
    page = Page(source)
    assert not page.tags & {"script", "link", "img", "iframe", "b"}
    assert not page.attributes & {"src", "href", "onload"}
    assert "http:" not in source and "https:" not in source and "url(" not in source and "\x1b" not in source
    assert "prefers-color-scheme: dark" in source
    for words in (
        "twice<script>",
        "grad_<b>&�",
        "wrong-scale",
        "✗ WRONG",
        "✓ ok",
        "Iterations 0, 1,",
        "wrong in 1 more",
    ):
        assert words in page.text
    marked = re.findall(r'<td class="n h\d+">([+-][\d.]+) ✗</td><td class="n h\d+">([+-][\d.]+)</td>', source)
    assert len(marked) == 6, "of the slice with the worst cell, 2x3 numbers"
    assert all(abs(float(ours) / float(theirs) - 3) < 0.01 for ours, theirs in marked)
    later = run(target, "-o", out, "--force", "--event", "5 loss", "--iterations", "1")
    assert later.stdout == f"{out}: a report of iteration 5\n"


def test_svg_is_the_checked_screen(target: str, tmp_path: Path) -> None:
    out = tmp_path / "a.svg"
    result = run(target, "-o", out, "--size", "100x30")
    assert result.exit_code == 0, result.output
    source = out.read_text(encoding="utf-8").replace("&#160;", " ")
    assert ("✗ 1 finding" in source and "3.00000 times" in source) or "times 3" in source
    assert "iteration 0 › backward" in source
    assert "url(https" not in source and "@font-face" not in source and "<script" not in source


def test_a_screen_that_crashes_is_one_line_and_a_log(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(DebuggerApp, "show_view", lambda app: {}["a bug"])
    result = run(target, "-o", tmp_path / "a.svg")
    (log,) = (tmp_path / "home" / "log").iterdir()
    assert result.stderr == f"mtorch: the screen of {target} crashed: KeyError: 'a bug'; the traceback is in {log}\n"
    assert (result.exit_code, result.stdout) == (70, "") and "Traceback" in log.read_text()
    monkeypatch.setenv("MTORCH_HOME", str(log))  # where no folder can be
    assert "cannot be written: Not a directory" in run(target, "-o", tmp_path / "a.svg").stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("-o", "there.csv"), "exists already; choose another name"),
        (("-o", "none/a.csv"), "there is no folder none"),
        (("-o", "."), "expected a name that ends in .csv, .npz, .svg, .html"),
        (("-o", "a.csv", "--iterations", "2"), "--iterations goes with html, not with csv"),
        (("-o", "a.csv", "--event", "0 sideways"), "expected ITERATION"),
        (("-o", "a.csv", "--event", "0 backward nothing"), "nothing at '0 backward nothing'"),
        (("-o", "a.svg", "--size", "9x9"), "--size 9x9: expected COLUMNSxLINES, from 80x24"),
        (("-o", "a.csv", "--source", "b.py"), "is no recording"),
    ],
)
def test_what_is_unusable_is_one_line(
    args: tuple[str, ...], words: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.csv").write_text("mine")
    result = run(target, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr and result.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.csv", "wrong.py"]
    assert Path("there.csv").read_text() == "mine"


def test_csv_of_any_rank() -> None:
    assert list(csv_lines(np.array(0.1, "f4"))) == ["0", "0.1"]
    assert list(csv_lines(np.array([1, 2]))) == ["0,1", "1,2"]
    assert list(csv_lines(np.array([[True], [False]]))) == ["0", "True", "False"]
    assert list(csv_lines(np.zeros((0, 3)))) == [""]
    assert list(csv_lines(np.array([np.nan, -np.inf]), np.array([1.0, 1 / 3])))[1] == "nan,1.0,-inf,0.3333333333333333"
    rng = np.random.default_rng(0)
    array = rng.standard_normal((2, 3, 4)).astype("f4")
    read = np.loadtxt(csv_lines(array), delimiter=",", skiprows=1, dtype="f4")
    np.testing.assert_array_equal(read[:, 2:].reshape(array.shape), array)


def test_names_in_npz_never_meet() -> None:
    tensors = {name: np.array([i]) for i, name in enumerate(["a b", "a_b", "a/b", "names", "keys", "", "../x"])}
    with np.load(io.BytesIO(npz(tensors, "0 loss")), allow_pickle=False) as archive:
        for i, (name, key) in enumerate(zip(archive["names"], archive["keys"], strict=True)):
            assert (name, archive[str(key)].tolist()) == (list(tensors)[i], [i])
        assert not any("/" in key or "." in key for key in archive.files)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    files.write(path, b"one")
    with pytest.raises(DataError, match="exists already"):
        files.write(path, b"two")
    assert path.read_bytes() == b"one"
    files.write(path, b"three", force=True)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.csv", b"three")]


def test_names_of_files_are_safe_and_free(tmp_path: Path) -> None:
    first = files.named(tmp_path, "../x y/run.py", "3 backward ../rnn\x1b.tanh t=8", "csv")
    assert first == tmp_path / "run-3-backward-.._rnn_.tanh-t=8.csv"
    first.touch()
    assert files.named(tmp_path, "run.py", "3 backward ../rnn\x1b.tanh t=8", "csv").name.endswith("t=8-2.csv")
    assert len(files.named(tmp_path, "n" * 400, "0 loss", "svg").name) < 200


def test_a_curve_has_gaps_where_the_loss_is_not_finite() -> None:
    drawn = curve([1.0, 2.0, np.nan, 3.0, np.inf, 4.0, 5.0])
    assert drawn.count("<polyline") == 2 and drawn.count("<circle") == 1
    assert "2 losses are not finite" in drawn
    assert "No finite loss" in curve([np.nan]) and "No finite loss" in curve([])
    assert curve([1.0] * 5000).count(",") <= 600 + 2


def test_a_size_is_columns_by_lines() -> None:
    assert size_of(None) == (140, 45)
    for text in ("80", "0x0", "80x24x1", "-80x24", "99999x50"):
        with pytest.raises(MtorchError, match="COLUMNSxLINES"):
            size_of(text)
