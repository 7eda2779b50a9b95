"""Checks by layer and tensor, over all calls and iterations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mtorch.debug.gradcheck import Check


class Row(NamedTuple):
    """All checks of a tensor: how many calls, how many of them `wrong` and `unknown`, the worst error."""

    path: str
    tensor: str
    calls: int
    wrong: int
    unknown: int
    worst: float | None
    methods: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "wrong" if self.wrong else "open" if self.unknown else "right"

    @property
    def verdict(self) -> str:
        if self.wrong:
            return "WRONG" if self.wrong == self.calls else f"{self.wrong} WRONG"
        if self.unknown:
            return "not checked" if self.unknown == self.calls else f"ok, {self.unknown} not checked"
        return "ok"


def by_tensor(checks: Iterable[Check]) -> list[Row]:
    """In the order in which they come."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.path, check.tensor), []).append(check)
    return [
        Row(
            *name,
            len(members),
            sum(check.ok is False for check in members),
            sum(check.ok is None for check in members),
            worst(members),
            tuple(dict.fromkeys(check.method for check in members)),
        )
        for name, members in groups.items()
    ]


def worst(checks: Iterable[Check]) -> float | None:
    """The largest relative error, None where none was measured."""
    return max((check.relative_error for check in checks if check.relative_error is not None), default=None)
