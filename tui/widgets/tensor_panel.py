"""TensorPanel: one tensor with its name, its statistics and its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from mtorch.layers.base import Array
from tui.plain import plain
from tui.viewmodels.statistics import statistics
from tui.viewmodels.table import Beside, Table
from tui.widgets.line import put
from tui.widgets.tensor_table import TensorTable


class TensorPanel(Vertical):
    """`note` says something about the tensor, such as that it is wrong."""

    shown: tuple[Array | None, Array | None, Any] = (None, None, ())
    tensor = ""

    def compose(self) -> ComposeResult:
        yield Static(classes="title", markup=False)
        yield TensorTable()

    def show(
        self,
        name: str,
        array: Array | None,
        beside: Beside | None = None,
        judged: Array | None = None,
        note: str = "",
        labels: Sequence[Sequence[str]] = (),
    ) -> None:
        self.tensor = name if array is not None else ""
        title = Text(overflow="ellipsis")
        if array is not None:
            title.append(plain(name), "bold").append(f"{note and ' ' + note}  {statistics(array)}")
        put(self.query_one(Static), title)
        # One array may be another event's tensor too, of which rows and columns are called otherwise.
        look = (beside[1:] if beside else (), labels)
        before, self.shown = self.shown, (array, beside.array if beside else None, look)
        if before[0] is not self.shown[0] or before[1] is not self.shown[1] or before[2] != self.shown[2]:
            table = None if array is None else Table(array, beside, judged, labels=labels)
            self.query_one(TensorTable).show(table)
