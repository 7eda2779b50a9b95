"""Time: the hidden state at each time step, the loss's gradient for it, and what the inner layers put out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.through_time import Step, ThroughTime, around, through_time
from tui.plain import plain
from tui.viewmodels.bars import decades
from tui.viewmodels.here import cut, ljust, rjust
from tui.viewmodels.kinds import norm, sizes
from tui.viewmodels.lines import HERE, Line, Part, fitted, line
from tui.viewmodels.numbers import short
from tui.viewmodels.once import once
from tui.viewmodels.scene import Scene
from tui.viewmodels.tree import WRONG
from tui.viewmodels.views.network import NUMBER, RIGHT, UNCHECKED, amount, ends

LEAST = 12
"""Cells of a bar, before there is room for inner layers."""

INSIDE = 10
"""Cells of an inner layer's column."""

Sizes = tuple[float | None, float | None]


@once
def recurrent(trace: Trace) -> list[tuple[ThroughTime, list[Sizes], list[list[float]]]]:
    """Each call of a layer with time steps: of each step the two norms, and the means of what is inside."""
    with np.errstate(all="ignore"):
        return [
            (
                one,
                [(norm(step.hidden), norm(step.gradient)) for step in one.steps],
                [[float(np.mean(sizes(array))) for array in step.inside.values()] for step in one.steps],
            )
            for one in through_time(trace)
        ]


def shown(scene: Scene) -> tuple[ThroughTime, list[Sizes], list[list[float]]] | None:
    known = recurrent(scene.trace)
    one = around([one for one, *_ in known], scene.index)
    return next((found for found in known if found[0] is one), None)


def lines(scene: Scene, width: int, height: int) -> list[Line]:
    """A row for each time step; with room, the mean of each inner layer's output in columns."""
    if (found := shown(scene)) is None:
        return [line(Part("no layer takes time steps in this iteration", "dim"))]
    one, norms, means = found
    digits = max(4, len(str(one.steps[-1].t)) + 3)
    both = 4 + digits + 2 * (NUMBER + 1)
    names = list(one.steps[0].inside)[: max(0, (width - both - 2 * LEAST) // INSIDE)]
    room = max(1, (width - both - len(names) * INSIDE) // 2)
    scale = decades(value for pair in norms for value in pair if value is not None)
    head = " " * (digits + 2) + ljust(cut(f"|{plain(one.hidden)}|", room + NUMBER), room + NUMBER + 2)
    head += ljust(cut(f"|{plain(one.gradient)}|", room + NUMBER), room + NUMBER)
    rows = [line(Part(head + "".join(rjust(cut(plain(name), INSIDE - 1), INSIDE) for name in names), "dim"))]
    for step, (hidden, gradient), inside in zip(one.steps, norms, means, strict=True):
        mark, kind = judged(scene.report, step)
        ours = at(scene, step)
        rows.append(
            line(
                Part(HERE if ours else " ", "bold"),
                Part(mark, kind),
                Part(f"t={step.t}".ljust(digits), "bold" if ours else ""),
                *amount(hidden, scale, room, "forward"),
                "  ",
                *amount(gradient, scale, room, "backward"),
                "".join(f"{short(mean):>{INSIDE}}" for mean in inside[: len(names)]),
            )
        )
    rows += [line(Part(words, "dim")) for words in said(one, names, ends(scale))]
    return [fitted(parts, width) for parts in rows]


def said(one: ThroughTime, names: Iterable[str], scale: str) -> list[str]:
    """What the columns are."""
    if one.known:
        words = ["dL/dh: of the loss for h[t], by all ways, as this backward had it"]
    elif one.hidden == "h":
        words = [f"dL/dh isn't known of this backward: |{plain(one.gradient)}| instead"]
    else:
        words = [f"not known what h is here: |{plain(one.gradient)}| instead of dL/dh"]
    means = f"; {', '.join(plain(name) for name in names)}: means" if names else ""
    return [*words, f"norms; bars logarithmic, {scale}{means}", f"{RIGHT} checked and right  {WRONG} wrong at that t"]


def at(scene: Scene, step: Step) -> bool:
    """Whether the event that shows is at that time step."""
    events = scene.trace.events
    return any(i is not None and i <= scene.index < events[i].end for i in (step.forward, step.backward))


def judged(report: Report | None, step: Step) -> tuple[str, str]:
    """Whether a backward call at that time step is wrong, all that was checked is right, or nothing is known."""
    if report is None or step.backward is None:
        return UNCHECKED, ""
    inside = range(step.backward, report.trace.events[step.backward].end)
    if any(event in inside for event in report.faulty):
        return WRONG, "wrong"
    checks = [check.ok for check in report.checks if check.event in inside]
    return (RIGHT, "right") if checks and all(checks) else (UNCHECKED, "")


def title(scene: Scene) -> str:
    found = shown(scene)
    return f"{plain(found[0].path)} through time" if found else "through time"
