"""JSON: what other programs read. Strictly valid, so a number that is not finite is null."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from mtorch.debug.differences import Comparison
from scenarios import Scenario
from tui.checking import Checked
from tui.datasets import Dataset

SCHEMA = 1
CHECK = ("iteration", "path", "t", "tensor", "relative_error", "tolerance", "method", "ok")


def dumps(value: Any) -> str:
    return json.dumps(strict(value), indent=2, allow_nan=False)


def check_report(checked: Checked) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "target": checked.target,
        "seed": checked.seed,
        "iterations": checked.iterations,
        "ok": checked.ok,
        "checks": [{key: getattr(check, key) for key in CHECK} for check in checked.checks],
        "findings": [finding.as_json() for finding, _ in checked.findings],
        **({"back": dict(zip(("way", "why"), checked.way, strict=True))} if checked.way else {}),
    }


def difference_report(a: str, b: str, found: Comparison) -> dict[str, Any]:
    """`first` is where the two first differ, or null; `parameters` null where they can't be compared."""
    return {
        "schema": SCHEMA,
        "a": a,
        "b": b,
        "iterations": found.stop - found.first,
        "same": found.same,
        "first": asdict(found.difference) if found.difference else None,
        "distances": [asdict(distance) for distance in found.distances],
    }


def scenario_list(scenarios: Iterable[Scenario]) -> list[dict[str, Any]]:
    keys = ("name", "summary", "tags", "settings", "expected")
    return [{key: getattr(scenario, key) for key in keys} for scenario in scenarios]


def dataset_list(datasets: Iterable[Dataset]) -> list[dict[str, Any]]:
    """`size` is in bytes, of what is downloaded or bundled; `there` says whether all files are there, and whole."""
    keys = ("name", "summary", "size", "path")
    return [
        {key: getattr(dataset, key) for key in keys}
        | {"there": not dataset.missing(), "bundled": dataset.bundled is not None}
        for dataset in datasets
    ]


def strict(value: Any) -> Any:
    """The same in the types that JSON has."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): strict(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [strict(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
