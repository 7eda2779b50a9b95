"""The gallery's table: for each fault, what is found of it. Run with python -m tests.gallery."""

from __future__ import annotations

from typing import Any

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.session import Session
from scenarios.faults import GALLERY
from scenarios.registry import Scenario

Told = tuple[str, str, str, tuple[int, ...]]


def found(scenario: Scenario, iterations: int = 2, seed: int = 0) -> list[list[Finding]]:
    """The findings of each of the first iterations."""
    session = Session(scenario.build(seed))
    return [list(session.report(i).findings) for i in range(iterations)]


def told(finding: Finding) -> Told:
    return finding.cause, finding.path, finding.tensor, finding.t


def expected(scenario: Scenario) -> set[Told]:
    return {(e["cause"], e["path"], e["tensor"], tuple(e["t"] or ())) for e in scenario.expected or ()}


def main() -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("fault", "detected", "layer", "tensor", "steps", "cause", "as expected", box=box.SIMPLE_HEAD)
    totals: dict[str, int] = {"detected": 0, "located": 0, "cause named": 0, "as expected": 0}
    for scenario in GALLERY:
        findings = {told(finding) for finding in found(scenario, 1)[0]}
        sought = expected(scenario)
        places = {t[1:] for t in findings} == {t[1:] for t in sought}
        right = findings == sought
        named = right and all(cause != "unknown" for cause, *_ in findings)
        for name, hit in zip(totals, (bool(findings), places, named, right), strict=True):
            totals[name] += hit
        for number, (cause, path, tensor, steps) in enumerate(sorted(findings) or [("", "", "", ())]):
            row: list[Any] = [scenario.name, "yes" if findings else "NO"] if not number else ["", ""]
            table.add_row(*row, path, tensor, ",".join(map(str, steps)), cause, "yes" if right else f"NO: {sought}")
    console = Console(width=200)
    console.print(table)
    console.print(", ".join(f"{name}: {count} of {len(GALLERY)}" for name, count in totals.items()))


if __name__ == "__main__":
    main()
