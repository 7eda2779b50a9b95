"""`make bench`: every goal as a ratio of two things measured in turns. `--json` prints an object a line."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import checks, framework, recordings, screen, scripts, time_machine
from tests.bench.goals import Goal

GOALS = [*framework.GOALS, *recordings.GOALS, *checks.GOALS, *time_machine.GOALS, *scripts.GOALS, *screen.GOALS]


def measured(goal: Goal) -> dict[str, Any]:
    """The contract's object for a goal; `ratio` and `ok` are null where it can't be measured here."""
    if not goal.possible():
        detail = f"not measured: {goal.needs} is not installed"
        return {"name": goal.name, "ratio": None, "goal": goal.goal, "ok": None, "detail": detail}
    found = goal.measure()
    detail = found.words or f"{found.what * 1e3:.3g} ms / {found.against * 1e3:.3g} ms"
    ok = found.ratio <= goal.goal
    return {"name": goal.name, "ratio": float(f"{found.ratio:.4g}"), "goal": goal.goal, "ok": ok, "detail": detail}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("words", nargs="*", help="only goals whose name has one of these in it")
    arguments = parser.parse_args()
    chosen = [goal for goal in GOALS if not arguments.words or any(word in goal.name for word in arguments.words)]
    table = Table("what", "ratio", "goal", "", "detail")
    for goal in chosen:
        row = measured(goal)
        if arguments.json:
            print(json.dumps(row), flush=True)
            continue
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3g}"
        verdict = {True: "met", False: "MISSED", None: "not measured"}[row["ok"]]
        table.add_row(row["name"], ratio, f"<= {row['goal']:.3g}", verdict, row["detail"])
    if not arguments.json:
        Console().print(table)


if __name__ == "__main__":
    main()
