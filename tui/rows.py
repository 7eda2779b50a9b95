"""Rows: checks by layer and tensor over all calls and iterations, for a table on 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mtorch.debug.gradcheck import Check
from tui.checking import Checked
from tui.plain import plain

WORDS = {"complex-step": "complex step", "central-difference": "differences", "shape": "its shape"}
"""What methods are called for people."""
ROOM = 34
"""Cells for names, which leave room for the rest on 80 columns."""
NOTED = "as noted"
"""What is off as a finding says that is no error, such as weight decay."""


def check_table(checked: Checked) -> Table:
    """A line for each layer, below it one for all its tensors that came to the same."""
    noted = checked.noted
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = [*(check.path for check in checked.checks), *("  " + check.tensor + "," for check in checked.checks)]
    table.add_column("layer, its gradients", overflow="fold", min_width=min(ROOM, max(map(len, names), default=0)))
    for column in ("calls", "worst", "by", "verdict"):
        number = column in ("calls", "worst")
        table.add_column(column, overflow="fold", no_wrap=number, justify="right" if number else "left")
    layers: dict[str, dict[str, list[Check]]] = {}
    for check in checked.checks:
        layers.setdefault(check.path, {}).setdefault(check.tensor, []).append(check)
    for path, tensors in layers.items():
        table.add_row(Text(plain(path) or "(the model)", "bold"))
        alike: dict[tuple[int, str, str, str], list[str]] = {}
        rows: dict[tuple[int, str, str, str], tuple[list[Check], Text]] = {}
        for tensor, members in tensors.items():
            said = verdict(members, noted)
            wrong = tensor if said.plain.endswith("WRONG") else ""  # one wrong tensor a row, with its own error
            key = len(members), said.plain, methods(members), wrong
            alike.setdefault(key, []).append(plain(tensor))
            rows.setdefault(key, ([], said))[0].extend(members)
        for key, tensor_names in alike.items():
            members, said = rows[key]
            table.add_row(
                Padding(Text(", ".join(tensor_names)), (0, 0, 0, 2)), str(key[0]), error(worst(members)), key[2], said
            )
    return table


def methods(checks: Sequence[Check]) -> str:
    """How they were measured, or why not, in words."""
    found = {}
    for check in checks:
        first, *rest = plain(check.method).removeprefix("not checked: ").split(", ")
        some = ["a sample"] if any(" of " in part for part in rest) else []
        known = [part for part in rest if " of " not in part]
        found[", ".join((WORDS.get(first, first), *some, *known))] = None
    return "\n".join(found)


def verdict(checks: Sequence[Check], noted: frozenset[Check] = frozenset()) -> Text:
    excused = sum(check in noted for check in checks)
    wrong, unknown = (sum(check.ok is state for check in checks) for state in (False, None))
    if wrong - excused:
        return Text("WRONG" if wrong == len(checks) else f"{wrong - excused} WRONG", "bold red")
    if excused:
        return Text(NOTED, "cyan")
    if unknown:
        return Text("not checked" if unknown == len(checks) else f"ok, {unknown} not checked", "yellow")
    return Text("ok", "green")


def worst(checks: Iterable[Check]) -> float | None:
    return max((check.relative_error for check in checks if check.relative_error is not None), default=None)


def error(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"
