"""Branches and changes, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtorch.debug.branches import TRUNK, Branches, cell_name
from mtorch.debug.events import Event
from mtorch.debug.spans import plural
from tui.viewmodels.numbers import short


def branch_lines(branches: Branches, lengths: Mapping[str, int], at: int) -> list[str]:
    """A line for the trunk, two for each branch: where it begins and what is set there; how far it has run.

    `lengths` are those that branches had when they were left, `at` is the iteration that shows of the current one.
    """
    trunk = branches.trunk.losses
    lines = [f"{mark(branches, TRUNK)} {TRUNK}: {extent(trunk, at, branches.current == TRUNK)}"]
    for branch in branches.made.values():
        begin = f"from {branch.parent} at iteration {branch.iteration}"
        lines.append(f"{mark(branches, branch.name)} {branch.name}: {begin}: {'; '.join(map(str, branch.edits))}")
        session = branches.known(branch.name)
        if session is None or len(session.losses) <= branch.iteration:
            before = f"had {plural(lengths[branch.name], 'iteration')}; " if branch.name in lengths else ""
            lines.append(f"    {before}has not run since this was opened")
            continue
        count = len(session.losses)
        beside = f"{trunk[count - 1]:.6g}" if count <= len(trunk) else "has not come so far"
        run = extent(session.losses, at, branches.current == branch.name)
        lines.append(f"    {run}; {TRUNK} there: {beside}")
    return lines


def branch_words(branches: Branches, iteration: int) -> str:
    """What stands before an iteration in the breadcrumb: whose it is, and which branch it shows in; "" in the trunk."""
    current, owner = branches.current, branches.owner(iteration)
    if current == TRUNK:
        return ""
    return f"{current} · " if owner == current else f"{owner} (before {current}) · "


def mark(branches: Branches, name: str) -> str:
    return ">" if name == branches.current else " "


def extent(losses: list[float], at: int, current: bool) -> str:
    """How many iterations have run, how many of them are beyond the one that shows, and the last one's loss."""
    ahead = len(losses) - 1 - at
    beyond = f", {ahead} of them after this one" if current and ahead > 0 else ""
    return plural(len(losses), "iteration") + beyond + (f", loss {losses[-1]:.6g}" if losses else "")


def change_words(event: Event, path: str, index: tuple[int, ...]) -> str:
    """How a parameter's number changed at its update event; at any other, it was set."""
    cell, iteration = cell_name(path, index), event.address.iteration
    if event.address.phase != "update":
        return f"{cell} was set at the start of iteration {iteration}, where the branch begins"
    delta = event.tensors["delta"][index]
    if delta.ndim == 0:
        return f"{cell} changed by {short(float(delta))} in iteration {iteration}"
    return f"{cell} changed by up to {short(float(np.max(np.abs(delta))))} in iteration {iteration}"
