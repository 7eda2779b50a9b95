"""Tensors: which of an event's tensors shows, and which of its cells."""

from __future__ import annotations

from typing import Any

from mtorch.debug.branches import cell_name
from mtorch.errors import MtorchError, unknown
from tui.viewmodels.numbers import FORMS, cell
from tui.viewmodels.seeking import parse, seek
from tui.viewmodels.table import ORDERS
from tui.viewmodels.tensors import beside, choose
from tui.widgets.tensor_panel import TensorPanel
from tui.widgets.tensor_table import TensorTable

NOWHERE = {"wrong": "no cell is wrong", "nonfinite": "all numbers are finite"}
"""What is said where there is no such cell."""

MOST_COPIED = 10_000
"""Numbers. More are no text that one pastes."""


class Tensors:
    """What the app takes from here; it is an app with a position and a trace."""

    tensor: str | None
    """The one asked for; None where the event's own first choice shows."""
    carried = False
    """Whether it was asked for at another event: then one that is wrong here shows before it."""

    @property
    def chosen(self: Any) -> str | None:
        """The tensor that shows first, None where there is none."""
        if self.position is None or self.trace is None:
            return None
        event = self.trace.events[self.position.event]
        report = self.session.known_report(self.position.iteration)
        wrong = self._wrong(event, report)
        asked = self.tensor in event.tensors and not (self.carried and wrong and self.tensor not in wrong)
        return self.tensor if asked else choose(event, wrong, None)

    def action_tensor(self: Any, by: int) -> None:
        if self.position is None or self.trace is None:
            return
        names = list(self.trace.events[self.position.event].tensors)
        self.tensor, self.carried = beside(names, self.chosen, by * self.counted()), False
        self.show()

    @property
    def table(self: Any) -> TensorTable:
        """The one that shows first, of where we are: a key may come before a move was shown."""
        self.on_moved()
        return self.query(TensorTable).first()  # type: ignore[no-any-return]

    def action_move_cell(self: Any, columns: int, rows: int) -> None:
        times = self.counted()
        self.table.action_move_cell(columns * times, rows * times)

    def action_slice(self: Any, by: int) -> None:
        by *= self.counted()
        if self.table.table is None or self.table.table.slices < 2:
            self.say("this tensor has one slice only")
        else:
            self.table.action_slice(by)

    def action_sort(self: Any) -> None:
        """Rows by their norms, the largest first; then columns; then both; then as they are."""
        look = self.table.look
        order = ORDERS[(ORDERS.index(look.order) + 1) % len(ORDERS)]
        for table in self.query(TensorTable):
            table.look_by(table.look._replace(order=order))
        said = {"": "in their own order", "both": "rows and columns by their norms"}
        self.say(said.get(order, f"{order} by their norms, the largest first"))

    def action_form(self: Any, name: str = "") -> None:
        """Another way to write numbers; the next one, without a name."""
        if name and name not in FORMS:
            raise MtorchError(unknown("format", name, list(FORMS)))
        names = list(FORMS)
        name = name or names[(names.index(self.table.look.form) + 1) % len(names)]
        self.write_numbers(name)
        self.say(f"numbers: {name}")

    def write_numbers(self: Any, form: str) -> None:
        for table in self.query(TensorTable):
            table.look_by(table.look._replace(form=form))

    def action_seek(self: Any, sought: str) -> None:
        """To a cell of the tensor that shows first: see seeking.SOUGHT."""
        table = self.table.table
        if table is None:
            self.say("no tensor shows here")
            return
        try:
            found = seek(table, sought, self.table.cell)
        except MtorchError as error:
            self.say(str(error))
            return
        if found is None:
            same = sought == "wrong" and self.step is not None
            self.say("no cell differs" if same else NOWHERE.get(sought, "there is no finite number"))
        else:
            self.table.choose(found)
            marked = "differs" if self.step is not None else "wrong"
            self.say(f"{marked if sought == 'wrong' else sought}: {self.named(found)}")

    def action_cell(self: Any, words: str) -> None:
        """To a cell by its index."""
        if self.table.table is None:
            raise MtorchError("no tensor shows here")
        self.table.choose(parse(words, self.table.table.array))
        self.say(self.named(self.table.cell))

    def named(self: Any, index: tuple[int, ...]) -> str:
        """A cell and its number, in full."""
        panel = self.query(TensorPanel).first()
        return f"{cell_name(panel.tensor, index)} = {cell(self.table.table.array[index], 'exact')}"

    def action_copy(self: Any, what: str = "cell") -> None:
        """The chosen cell's number, its row, or the whole slice, into the terminal's clipboard."""
        table, index = self.table.table, self.table.cell
        if table is None or index is None:
            self.say("there is nothing to copy here")
            return
        if what == "cell":
            text, said = cell(table.array[index], "exact"), self.named(index)
        elif table.grid.size > MOST_COPIED:
            self.say(f"{table.grid.size} numbers are too many for a clipboard: {self.key_of('export')} exports them")
            return
        else:
            text = "\n".join("\t".join(cell(number, "exact") for number in row) for row in table.grid)
            said = f"{table.rows}x{table.columns} numbers, tab-separated"
        self.copy_to_clipboard(text)
        self.say(f"copied {said}")

    def on_chosen(self: Any) -> None:
        self.show_view()

    def look_at(self: Any, tensor: str, index: tuple[int, ...]) -> None:
        """Show a tensor of this event, with a cell chosen."""
        self.tensor, self.carried = tensor, False
        self.show()
        self.table.choose(index)
