"""Checks by layer and tensor, over all calls and iterations, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mtorch.debug.gradcheck import Check
from tui.plain import plain

WORDS = {"complex-step": "complex step", "central-difference": "differences", "shape": "its shape"}
"""What methods are called for people."""
NOTED = "as noted"
"""What is off as a finding says that is no error, such as weight decay."""


class Row(NamedTuple):
    """All checks of a tensor: how many calls, how many of them `wrong`, `noted` and `unknown`, the worst error, and how
    they were measured, or why not.
    """

    path: str
    tensor: str
    calls: int
    wrong: int
    noted: int
    unknown: int
    worst: float | None
    methods: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "wrong" if self.wrong else "noted" if self.noted else "open" if self.unknown else "right"

    @property
    def verdict(self) -> str:
        if self.wrong:
            return "WRONG" if self.wrong == self.calls else f"{self.wrong} WRONG"
        if self.noted:
            return NOTED
        if self.unknown:
            return "not checked" if self.unknown == self.calls else f"ok, {self.unknown} not checked"
        return "ok"


def by_tensor(checks: Iterable[Check], noted: frozenset[Check] = frozenset()) -> list[Row]:
    """In the order in which they come; those `noted` are off as a finding says that is no error."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.path, check.tensor), []).append(check)
    return [
        Row(
            *name,
            len(members),
            sum(check.ok is False and check not in noted for check in members),
            sum(check in noted for check in members),
            sum(check.ok is None for check in members),
            worst(members),
            methods(members),
        )
        for name, members in groups.items()
    ]


def methods(checks: Sequence[Check]) -> tuple[str, ...]:
    """How they were measured, or why not."""
    found: dict[str, None] = {}
    for check in checks:
        first, *rest = plain(check.method).removeprefix("not checked: ").split(", ")
        some = ["a sample"] if any(" of " in part for part in rest) else []
        known = [part for part in rest if " of " not in part]
        found[", ".join((WORDS.get(first, first), *some, *known))] = None
    return tuple(found)


def worst(checks: Iterable[Check]) -> float | None:
    """The largest relative error, None where none was measured."""
    return max((check.relative_error for check in checks if check.relative_error is not None), default=None)


def error(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"
