"""Programs that tests.bench.screen measures, each in a process of its own: python -m tests.bench.screens NAME."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from rich.table import Table as RichTable
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static

import scenarios
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.session import Session
from tui.app import DebuggerApp
from tui.viewmodels.numbers import cell
from tui.viewmodels.table import Table
from tui.widgets.tensor_table import STYLES


class Ones:
    """The same batch, over and over."""

    def __init__(self, width: int, out: int) -> None:
        self.pair = np.ones((1, width), dtype=np.float32), np.ones((1, out), dtype=np.float32)

    def batch(self, number: int) -> tuple[Any, Any]:
        return self.pair


def one_weight(n: int, m: int) -> Training:
    """A network whose update has an n x m weight and a bias."""
    module = Module(Sequential([layers.Linear(n, m, rng=0)]))
    return Training(module, SquareLoss(module.backward), SGD(module, 1e-3), Ones(n, m), epoch=9)


def recurrent(steps: int) -> Training:
    """Some six events a time step."""
    return scenarios.find("rnn-sin-cos").build(settings={"seq": steps, "hidden": 4, "batch": 2})


class Rich(App[None]):
    """A 20x16 table with heat, made by Rich anew at each key."""

    def compose(self) -> ComposeResult:
        yield Static(id="table")

    def on_mount(self) -> None:
        self.draw()

    def on_key(self) -> None:
        self.draw()

    def draw(self) -> None:
        table = Table(np.random.default_rng().standard_normal((20, 16)).astype(np.float32))
        made = RichTable(*("", *map(table.column_label, range(16))))
        for row in range(20):
            cells = [table.cells(row, column)[0] for column in range(16)]
            made.add_row(table.row_label(row), *(Text(c.text, STYLES[True][c.level or 0]) for c in cells))
        self.query_one(Static).update(made)


class Grid(App[None]):
    """A DataTable that is filled with 4096x64 numbers at each key."""

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_key(self) -> None:
        table, array = self.query_one(DataTable), np.random.default_rng().standard_normal((4096, 64))
        table.clear(columns=True)
        table.add_columns(*map(str, range(64)))
        table.add_rows([[cell(number) for number in row] for row in array])


def debugger(training: Training) -> App[None]:
    return DebuggerApp(Session(training), "bench")


PROGRAMS = {
    "small": lambda: debugger(one_weight(20, 16)),
    "large": lambda: debugger(one_weight(4096, 4096)),
    "held": lambda: debugger(scenarios.find("rnn-sin-cos").build()),
    "short": lambda: debugger(recurrent(14)),
    "long": lambda: debugger(recurrent(1650)),
    "rich": Rich,
    "datatable": Grid,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]]().run()
    os._exit(0)  # whatever thread may still be at work
