"""Targets: what loads, and what each unusable one is told."""

import sys
from pathlib import Path

import numpy as np
import pytest

from mtorch.errors import DataError, MtorchError
from mtorch.training import Training
from tui.targets import WANTED, load

GOOD = """
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import SineCosine

def build(seed):
    module = Module(Sequential([layers.RNN(1, 4, rng=np.random.default_rng(seed)), layers.Linear3(4, 1)]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), SineCosine(8, 3, 4, seed=seed))
"""


def write(folder: Path, text: str, name: str = "mine.py") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_scenario_takes_its_settings() -> None:
    target = load("rnn-sin-cos", 3, ("hidden=5", "lr=0.25"))
    assert (target.name, target.seed, target.epochs, target.source) == ("rnn-sin-cos", 3, 10, None)
    assert target.training.model.layers()[0].layers[0].out_dim == 5
    assert target.training.optimizer.lr == 0.25


def test_a_py_file_is_built_with_the_seed(tmp_path: Path) -> None:
    name = write(tmp_path, GOOD)
    first, again, other = (load(name, seed).training for seed in (1, 1, 2))
    weights = [t.model.layers()[0].layers[0].layers_within()[1].parameters["weight"] for t in (first, again, other)]
    assert isinstance(first, Training)
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_a_py_file_imports_modules_beside_it_and_leaves_the_path_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, "SIZE = 4\n", "beside_the_target.py")
    name = write(tmp_path, GOOD.replace("(1, 4,", "(1, beside_the_target.SIZE,").replace("import", "import", 1))
    (tmp_path / "mine.py").write_text("import beside_the_target\n" + (tmp_path / "mine.py").read_text())
    before = list(sys.path)
    assert load(name).training.epoch == 100
    assert sys.path == before


def test_what_a_py_file_prints_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(write(tmp_path, "print('hello')\n" + GOOD + "\n    print('unreached')\n"))
    assert tuple(capsys.readouterr()) == ("", "hello\n")


def test_dataclasses_with_postponed_annotations_find_their_module(tmp_path: Path) -> None:
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    assert load(write(tmp_path, f"{head}@dataclass\nclass Sizes:\n    hidden: int = 4\n{GOOD}")).source is not None


BAD_FILES = {
    "syntax": ("x = (\n\ny = 1 +\n", ":1: SyntaxError: '(' was never closed"),
    "raises": ("x = 1\nraise ValueError('two\\nlines')\n", ":2: ValueError: two\nlines"),
    "raises in a function": ("def f():\n    return {}['k']\nf()\n", ":2: KeyError: 'k'"),
    "imports nothing": ("import no_such_module_at_all\n", ":1: ModuleNotFoundError: No module named"),
    "exits": ("import sys\nsys.exit(3)\n", ":2: SystemExit: 3"),
    "no build": ("x = 1\n", ": expected a function build(seed), found none"),
    "build is a number": ("build = 3\n", ": expected a function build(seed), got int"),
    "build takes nothing": ("def build(): pass\n", ": expected build(seed), got build()"),
    "build takes more": ("def build(seed, size): pass\n", ": expected build(seed), got build(seed, size)"),
    "build raises": ("def build(seed):\n    return 1 / 0\n", ":2: ZeroDivisionError: division by zero"),
    "returns nothing": ("def build(seed): pass\n", f": build(seed) expected to return {WANTED}, got NoneType"),
    "returns an array": ("import numpy\nbuild = numpy.zeros\n", f"expected to return {WANTED}, got numpy.nd"),
    "no iterations": (GOOD.replace("seed=seed))", "seed=seed), epoch=0)"), "at least 1 iteration an epoch, got 0"),
    "null bytes": ("x = '\0'\n", "null bytes"),
    "not utf-8": ("x = '\udcff'\n", "SyntaxError"),
}


@pytest.mark.parametrize(("text", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_unusable_py_files(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(MtorchError) as caught:
        load(str(path))
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def test_a_syntax_error_beside_the_target_is_located_there(tmp_path: Path) -> None:
    beside = write(tmp_path, "x = 1\nx = = 2\n", "broken_beside_the_target.py")
    with pytest.raises(MtorchError, match="SyntaxError: invalid syntax") as caught:
        load(write(tmp_path, "import broken_beside_the_target\n"))
    assert str(caught.value).startswith(f"{beside}:2: ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rnn-sin-coss", "did you mean 'rnn-sin-cos'"),
        ("zzz", "there are rnn-sin-cos,"),
        ("", "no scenario is called ''"),
        ("a" * 5000, "no scenario is called"),
        ("{tmp}/none.py", "none.py: cannot be read: No such file"),
        ("{tmp}", "got a folder"),
        ("{tmp}/folder.py", "got a folder"),
        ("{tmp}/other.txt", "got another file"),
        ("{tmp}/none", "expected a .py file with build(seed), got nothing"),
        ("{tmp}/loop.py", "loop.py: cannot be read"),
        ("run.mtr", "run.mtr: cannot be read: No such file"),
    ],
)
def test_unusable_names(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "other.txt").touch()
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(MtorchError) as caught:
        load(name.format(tmp=tmp_path))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("hidden", "expected key=value"),
        ("size=3", "rnn-sin-cos has hidden=32"),
        ("hidden=many", "expected int for hidden, got 'many'"),
        ("hidden=0", "expected a positive number"),
        ("lr=nan", "expected a positive number"),
        ("=", "expected key=value"),
    ],
)
def test_unusable_settings(assignment: str, said: str) -> None:
    with pytest.raises(MtorchError) as caught:
        load("rnn-sin-cos", 0, (assignment,))
    assert said in str(caught.value)


def test_options_that_would_do_nothing_are_refused(tmp_path: Path) -> None:
    name = write(tmp_path, GOOD)
    with pytest.raises(MtorchError, match="has no settings"):
        load(name, 0, ("hidden=3",))
    for target in (name, "rnn-sin-cos"):
        with pytest.raises(MtorchError, match="takes no data"):
            load(target, 0, (), tmp_path)


def idx(*shape: int, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape) + bytes(int(np.prod(shape)))


def mnist(folder: Path) -> None:
    for part, n in (("train", 40), ("t10k", 10)):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(n, 28, 28))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(n))


def test_data_from_a_folder(tmp_path: Path) -> None:
    mnist(tmp_path)
    assert load("mnist-mlp", 0, (), tmp_path).training.epoch == 2


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("train-images-idx3-ubyte", None, "found neither"),
        ("t10k-labels-idx1-ubyte", b"", "expected an idx file"),
        ("train-images-idx3-ubyte", idx(40, 28, 28)[:-1], "bytes for shape (40, 28, 28)"),
        ("train-images-idx3-ubyte", idx(40), "with 3 axes, got 1"),
        ("train-labels-idx1-ubyte", idx(39), "as many train labels as images (40), got 39"),
        ("train-labels-idx1-ubyte", b"\x1f\x8b\x08 no gzip", "cannot be read"),
    ],
)
def test_unusable_data(tmp_path: Path, file: str, content: bytes | None, said: str) -> None:
    mnist(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(MtorchError) as caught:
        load("mnist-mlp", 0, (), tmp_path)
    assert isinstance(caught.value.__cause__, DataError)
    assert str(tmp_path) in str(caught.value)
    assert said in str(caught.value)


def test_a_batch_that_is_bigger_than_the_data() -> None:
    with pytest.raises(MtorchError, match=r"batch_size in 1\.\.1437, got 1438"):
        load("mnist-mlp", 0, ("batch=1438",))
