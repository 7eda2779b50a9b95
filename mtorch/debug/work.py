"""Work: what a call of somebody's code costs, counted and not timed, so that it is the same on every machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from mtorch.debug.derivatives import Derivative
from mtorch.debug.events import Call
from mtorch.debug.strangers.places import arrays_in

OURS = str(Path(__file__).parent)
LINE, OWN_LINE = 2000, 100
"""What a line of somebody's code costs, and one of ours, which copies, in numbers that numpy moves in that time."""
PRODUCTS = 16
"""Products of a matrix multiplication in that time."""
WORK = 2e8
"""What may be spent on one question about a stranger's layer: some tenths of a second, on most machines."""


class Counted:
    """While entered, lines of Python count as `work`; `names` are a function's variables, by its name, at its end."""

    def __init__(self, locals_of: str = "") -> None:
        self.work, self.names, self._name = 0, dict[str, Any](), locals_of

    def __enter__(self) -> Counted:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        ours = frame.f_code.co_filename.startswith(OURS)
        if event == "line":
            self.work += OWN_LINE if ours else LINE
        elif event == "return" and frame.f_code.co_name == self._name and not ours:
            self.names = {name: value for name, value in frame.f_locals.items() if name != "self"}
        return self._trace


def cost(call: Call) -> float:
    """What a forward of the layer costs."""
    derivative = Derivative(call)
    with Counted() as counted:
        output = derivative.output()
    rows = output.size / max(1, output.shape[-1] if output.ndim else 1)
    products = rows * sum(p.size for p in call.layer.parameters.values()) / PRODUCTS
    return float(counted.work + moved(call) + products)


def moved(call: Call) -> int:
    """The numbers that a copy of the layer and its arguments has."""
    return sum(array.size for array in (*arrays_in(call.layer.target).values(), *call.inputs, call.grad_output))
