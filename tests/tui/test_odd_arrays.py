"""Arrays that hold complex numbers, words or objects: the engine takes them, so the screen must."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.differences import difference, likeness
from mtorch.debug.session import Session
from mtorch.debug.timeline import Position
from tui.export import making
from tui.viewmodels import curves
from tui.viewmodels.place import top
from tui.viewmodels.scene import Scene
from tui.viewmodels.statistics import statistics
from tui.viewmodels.table import Look, Table
from tui.viewmodels.views import VIEWS

Debug = Callable[..., Any]


class Words(layers.Layer):
    """Letters as numbers."""

    def forward(self, x: Any) -> Any:
        return np.array([[ord(c) / 100 for c in word] for word in x], np.float32)

    def backward(self, grad_output: Any) -> None:
        return None


class Fourier(layers.Layer):
    def forward(self, x: Any) -> Any:
        return np.fft.fft(x, axis=-1)

    def backward(self, grad_output: Any) -> Any:
        return np.fft.fft(grad_output.conj(), axis=-1).real.astype(np.float32)


class Power(layers.Layer):
    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.square(x.real)

    def backward(self, grad_output: Any) -> Any:
        (x,) = self.take()
        return 2 * grad_output * x.real


class ToNumbers(SquareLoss):
    def __call__(self, output: Any, target: Any, **options: Any) -> Any:
        return super().__call__(output, np.array([[float(word)] * 4 for word in target], output.dtype), **options)


class Batches:
    def batch(self, number: int) -> Any:
        return np.array(["ab,d", "efgh"]), np.array(["1", 2], object)


def training() -> Training:
    module = Module(Sequential([Words(), layers.Linear(4, 4, rng=0), Fourier(), Power()]))
    loss, names = ToNumbers(module.backward), {"linear.output": ["甲乙丙丁", "二", "三", "c"]}
    return Training(module, loss, SGD(module, 1e-3), Batches(), epoch=5, names=names)


def test_tables_have_both_parts_of_complex_numbers_and_words_as_they_are() -> None:
    array = np.array([[3 + 4j, complex(np.nan, 0)], [0, -5]])
    table = Table(array)
    assert [cell.text for (cell,) in table.line(0, 0, 2)] == ["+3.0000 +4.0000i", "?NaN 0i"]
    assert table.width == 20 and table.scale == 5.0
    assert [cell.level is None for (cell,) in table.line(0, 0, 2)] == [False, True]
    assert (
        statistics(array) == "2x2 complex128 · magnitudes · 1 NaN, 0 Inf of 4 · 0…5 · mean 3.33 · std 2.36 · 25% zero"
    )
    assert Table(array.T, look=Look((), "rows")).line(0, 0, 2)[0][0].text == "?NaN 0i"
    words = Table(np.array([["much longer than a number", "\x1b[1m"]], object), look=Look((), "both"))
    assert [cell for (cell,) in words.line(0, 0, 2)] == [("much lon…", 16, False), ("     �[1m", 16, False)]
    assert statistics(words.array) == "1x2 object"


def test_every_view_and_export_takes_them() -> None:
    session = Session(training())
    trace, report = session.trace(0), session.report(0)
    for event in trace.events:
        for name in event.tensors:
            scene = Scene(trace, event.index, report, name, (0,) * event.tensors[name].ndim, session.losses)
            for view in VIEWS.values():
                if view.lines is not None:
                    assert view.title(scene) and view.lines(scene, 60, 20)
    made = making.tensor_table(session, Position(0, 0), "input")
    assert made.content.decode() == '0,1\n"ab,d",efgh\n'
    loss = next(event.index for event in trace.events if event.address.phase == "loss")
    assert len(making.tensors(session, Position(0, loss)).content) > 500


def test_the_top_line_has_room_for_what_is_known() -> None:
    assert top("iteration 0 › 网络", "✓ 7 right", 30) == "iteration 0 › 网络   ✓ 7 right"
    assert top("iteration 0 › 网络 › linear", "✓ 7 right", 28) == "iteration 0 › 网络 ✓ 7 right"


def test_words_and_objects_of_two_runs_differ_or_not() -> None:
    words = np.array(["a", "b"])
    for array in (words, np.array(["a" * 2, 2], object)):
        for tolerance in (0.0, 1e-6):
            assert likeness(tolerance)(array, copy.deepcopy(array))
            assert not likeness(tolerance)(array, array[::-1].copy())
    assert difference(0, "0 loss", "target", words, words[::-1]).a == "<U1 2"


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (0, 2, 3)])
def test_every_view_takes_a_batch_without_samples(shape: tuple[int, ...]) -> None:
    module = Module(Sequential([layers.Linear(3, 3, rng=0)]))
    batches = SimpleNamespace(batch=lambda _: (np.zeros(shape, "f4"), np.zeros(shape, "f4")))
    session = Session(Training(module, SquareLoss(module.backward), SGD(module, 0.1), batches, epoch=5))
    trace = session.trace(0)
    for event in trace.events:
        for name, array in event.tensors.items():
            scene = Scene(trace, event.index, None, name, (0,) * array.ndim if array.size else None, session.losses)
            assert curves.plots(scene, 60)
            assert all(view.lines(scene, 60, 20) for view in VIEWS.values() if view.lines is not None)


async def test_the_screen_takes_them(debug: Debug, tmp_path: Path) -> None:
    async with debug(training(), (100, 40)) as driver:
        await driver.press("right_square_bracket")
        assert driver.app.chosen == "input" and "2 <U4" in driver.text and "ab,d" in driver.text
        await driver.command("whence input[0]")
        assert driver.status == "input[0] is no real number: input is of <U4"
        await driver.command("print input[0]")
        assert driver.status == "input has no numbers: it is of <U4"
        await driver.press("e")
        assert driver.status == "input is of <U4: set takes real numbers"
        await driver.press("m")
        assert driver.status == "there are no numbers in this tensor"
        await driver.press("y")
        assert driver.status == "copied input[0] = ab,d"
        await driver.command("goto 0 forward fourier")
        await driver.press("left_square_bracket")
        assert driver.app.chosen == "output" and "2x4 complex64 · magnitudes" in driver.text
        await driver.command("goto 0 forward linear")
        lines = driver.text.split("\n")
        head = next(number for number, line in enumerate(lines) if "甲乙丙丁" in line)
        assert cell_len(lines[head]) == cell_len(lines[head + 2]), (
            "a name stands over its column, however wide others are"
        )
        await driver.command("goto 0 loss")
        assert "target  2 object" in driver.text
