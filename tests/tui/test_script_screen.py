"""The debugger on what was recorded of a script: nothing can be run again, all that was found is there at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.window import Window
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.instruments import Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly
from mtorch.debug.strangers.tape import Tape

Debug = Callable[..., Any]


class Affine:
    def __init__(self, wrong: bool) -> None:
        self.W, self.wrong = np.eye(3) + 0.1, wrong

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, grad: Any) -> Any:
        self.dW = self.x.T @ grad
        return grad @ (self.W * 2 if self.wrong else self.W.T)


def script(path: Path, wrong: bool) -> Window:
    """Three iterations of a script with a layer that is called twice in each."""
    tape = Tape(path, {"target": {"kind": "script", "name": "train.py"}, "seed": 0})

    def over(trace: Any, state: Any) -> None:
        with quietly(Affine):
            tape.add(trace, state, examined(trace))

    observer, x = Observer(over), np.ones((2, 3))
    with Instruments(observer, "") as instruments:
        instruments.attach(Affine, ("forward", "backward"))
        first, second = Affine(wrong), Affine(False)
        for _ in range(3):
            first.forward(second.forward(x))
            second.backward(first.backward(x))
            first.W = first.W - 0.1 * first.dW
        observer.end()
    tape.end()
    return Window(Recording(path), "it is of a script, train.py, which mtorch run runs anew")


async def test_where_all_is_right_that_is_said_at_once(debug: Debug, tmp_path: Path) -> None:
    async with debug(script(tmp_path / "a.mtr", False), settle=False) as driver:
        while driver.app.position is None:
            await driver.pilot.pause()
        assert "✓ 4 gradients right" in driver.text
        assert driver.status == "no finding: only iterations 0…2 were kept whole; ? shows all keys"
        assert "iteration 0 › forward › affine" in driver.text
        await driver.settle()
        await driver.press("c")
        assert driver.status == "no finding after this: only iterations 0…2 were kept whole"


async def test_a_recorded_script_is_walked(debug: Debug, tmp_path: Path) -> None:
    async with debug(script(tmp_path / "a.mtr", True)) as driver:
        assert driver.status == "c runs to the first finding, ? shows all keys"
        await driver.press("c")
        assert driver.app.chosen == "grad_input"
        assert driver.place == "0 backward affine2"
        await driver.press("x")
        assert driver.status.startswith("how affine2 made grad_input[0,0] of grad_output (norm 2.449) was not recorded")
        await driver.press("s", "]", "]")
        assert driver.app.chosen == "grad_W"
        await driver.press("}")
        assert (driver.place, driver.app.chosen) == ("1 backward affine", "grad_W")
        await driver.press("S")  # where another one is wrong, that one shows
        assert (driver.place, driver.app.chosen) == ("1 backward affine2", "grad_input")
        await driver.command("watch affine2.W[0,0]")
        await driver.press("C")
        assert driver.place == "0 update affine2.W"
        await driver.press("c", "c", "c")
        assert driver.status.startswith("no hit after this: only iterations 0…2 were kept whole")
        await driver.command("goto 0 > backward > affine2")
        assert driver.place == "0 backward affine2"
        await driver.command("break backward affine if grad_W.norm > 0")
        rows = [line for line in driver.text.split("\n") if "●" in line]
        assert [row.split("│")[0].split() for row in rows] == [["●", "backward", "affine"]]
        await driver.command("delete")
        assert "●" not in driver.text
        for size in ((80, 24), (120, 40), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.settle()
            assert "> ✗" in driver.text.replace(">✗", "> ✗") and "backward affine2" in driver.text
        await driver.press("question_mark", "down", "down", "up")
        assert driver.app.screen.query_one("VerticalScroll").scroll_y == 1
