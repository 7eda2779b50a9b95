"""Rows: checks by layer and tensor as a table on 80 columns."""

from __future__ import annotations

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tui.checking import Checked
from tui.plain import plain
from tui.viewmodels.checks import Row, by_tensor, error

ROOM = 34
"""Cells for names, which leave room for the rest on 80 columns."""
STYLES = {"wrong": "bold red", "noted": "cyan", "open": "yellow", "right": "green"}


def check_table(checked: Checked) -> Table:
    """A line for each layer, below it one for all its tensors that came to the same; each wrong one has its own."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = [*(check.path for check in checked.checks), *("  " + check.tensor + "," for check in checked.checks)]
    table.add_column("layer, its gradients", overflow="fold", min_width=min(ROOM, max(map(len, names), default=0)))
    for column in ("calls", "worst", "by", "verdict"):
        number = column in ("calls", "worst")
        table.add_column(column, overflow="fold", no_wrap=number, justify="right" if number else "left")
    layers: dict[str, dict[tuple[object, ...], list[Row]]] = {}
    for row in by_tensor(checked.checks, checked.noted):
        alike = (row.calls, row.verdict, row.methods, row.tensor if row.wrong else "")
        layers.setdefault(row.path, {}).setdefault(alike, []).append(row)
    for path, groups in layers.items():
        table.add_row(Text(plain(path) or "(the model)", "bold"))
        for rows in groups.values():
            named = Padding(Text(", ".join(plain(row.tensor) for row in rows)), (0, 0, 0, 2))
            off = max((row.worst for row in rows if row.worst is not None), default=None)
            first = rows[0]
            said = Text(first.verdict, STYLES[first.kind])
            table.add_row(named, str(first.calls), error(off), "\n".join(first.methods), said)
    return table
