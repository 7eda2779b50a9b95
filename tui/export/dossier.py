"""Dossier: all that a report tells of a run, gathered iteration by iteration; of each only what is told is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtorch import __version__
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Address
from mtorch.debug.recording.machine import machine
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session, Stopped
from tui.checking import Checked, examined
from tui.opening import Opened
from tui.viewmodels.table import Beside, Table
from tui.viewmodels.tensors import right_numbers
from tui.viewmodels.views import network, parameters

MOST = 24
"""Wrong tensors of which numbers are shown. A report of hundreds is read by nobody."""


@dataclass
class Excerpt:
    """A wrong tensor at the first call where it is wrong; `others` counts the calls that are wrong as well."""

    address: Address
    tensor: str
    table: Table
    error: float | None
    others: int = 0


@dataclass
class Dossier:
    """`made` says what run it is. Norms and updates are of the first iteration that was looked at."""

    made: Mapping[str, str]
    checked: Checked
    iterations: Sequence[int]
    losses: Sequence[float]
    layers: list[network.Row] = field(default_factory=list)
    marks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    updates: list[parameters.Row] = field(default_factory=list)
    excerpts: list[Excerpt] = field(default_factory=list)
    left_out: int = 0


def gather(
    opened: Opened,
    name: str,
    iterations: Iterable[int],
    health: int = 0,
    going: Going = lambda _: True,
    more: Iterable[tuple[Finding, Address]] = (),
) -> Dossier:
    """Check iterations, and keep what is to be told of them, with `more` findings.

    Raises Stopped where `going` says no, MtorchError where an iteration can't be shown.
    """
    session, target, _ = opened
    guest = target.guest if target else lambda _: contextlib.nullcontext()
    seen: list[int] = []
    excerpts: dict[tuple[str, str], Excerpt | None] = {}
    first: dict[str, Any] = {}

    def look(report: Report) -> None:
        if not seen:
            first.update(layers=network.layers(report.trace), marks=network.marks(report))
            first.update(updates=parameters.updates(session.trace(report.iteration)))
        seen.append(report.iteration)
        for event, checks in report.wrong.items():
            for check in checks:
                key = (check.path, check.tensor)
                if (known := excerpts.get(key)) is not None:
                    known.others += 1
                elif key not in excerpts:
                    room = sum(found is not None for found in excerpts.values()) < MOST
                    excerpts[key] = excerpt(session, report, event, check.tensor, going) if room else None
                    if (made := excerpts[key]) is not None:
                        made.error = check.relative_error

    checks, findings = examined(session, iterations, False, health, guest, going, look)
    checked = Checked(name, target.seed if target else 0, len(seen), tuple(checks), (*findings, *more))
    told = [found for found in excerpts.values() if found is not None]
    return Dossier(
        described(opened, name),
        checked,
        seen,
        list(session.losses),
        excerpts=told,
        left_out=len(excerpts) - len(told),
        **first,
    )


def excerpt(session: Session, report: Report, index: int, tensor: str, going: Going) -> Excerpt | None:
    """A wrong tensor beside the right numbers, where they can be had; around the one that is furthest off."""
    array = session.trace(report.iteration).events[index].tensors.get(tensor)
    judged = report.trace.events[index].tensors.get(tensor)
    if array is None or judged is None:
        return None
    right = right_numbers(report, index, tensor, lambda: going(report.iteration))
    if not going(report.iteration):
        raise Stopped
    table = Table(array, None if right is None else Beside(right), judged)
    if right is not None and right.shape == array.shape and array.size:
        off = np.nan_to_num(np.abs(judged.astype(float) - right), nan=0.0)
        table = table.at(tuple(int(i) for i in np.unravel_index(int(off.argmax()), array.shape)))
    return Excerpt(report.trace.events[index].address, tensor, table, None)


def described(opened: Opened, name: str) -> dict[str, str]:
    """What run it is, in words by their names."""
    session, target, recording = opened
    said: dict[str, str] = {"target": name}
    meta = recording.meta if recording else {}
    if recording:
        made = meta.get("target")
        said["recorded"] = f"{made.get('kind')} {made.get('name')}" if isinstance(made, dict) else "it doesn't say what"
        said["with mtorch"] = str(meta.get("version", "?"))
    if target:
        said["seed"] = str(target.seed)
        if target.settings:
            said["settings"] = ", ".join(f"{key}={value}" for key, value in target.settings.items())
        if not target.foreign:
            said["precision"] = str(np.dtype(target.training.dtype))
        said["parameters"] = str(sum(array.size for array in session.present().model.values()))
    here = machine()
    said["mtorch"] = __version__
    said["machine"] = f"Python {here['python']}, numpy {here['numpy']}, {here['system']} {here['processor']}"
    return said
