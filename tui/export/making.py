"""Making: a file's content of a target, by its format, without a screen."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mtorch.debug.events import Address, Event
from mtorch.debug.health.thresholds import WINDOW
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session, Stopped
from mtorch.debug.spans import plural, ranges
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError, unknown
from tui.checking import once_each
from tui.export.dossier import Dossier, gather
from tui.export.page import page
from tui.export.tensors import csv_lines, npz
from tui.guest import GuestError
from tui.opening import Opened
from tui.plain import plain
from tui.viewmodels.numbers import shape
from tui.viewmodels.tensors import choose, right_numbers

ALWAYS: Going = lambda _: True  # noqa: E731


Bar = Callable[[str, int], contextlib.AbstractContextManager[Callable[[], None]]]
"""A progress bar of that label and length, which yields what takes it one further."""


class Made(NamedTuple):
    """A file's content, and what is to be said of it."""

    content: bytes
    words: str


def size_of(text: str | None) -> tuple[int, int]:
    """A screen's columns and lines. Raises MtorchError for what is no size that the screen can have."""
    found = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", text or "140x45")
    if not found or not (80 <= int(found[1]) <= 500 and 24 <= int(found[2]) <= 300):
        raise MtorchError(f"--size {text}: expected COLUMNSxLINES, from 80x24 to 500x300")
    return int(found[1]), int(found[2])


def make(
    opened: Opened,
    name: str,
    format: str,
    address: str,
    tensor: str | None,
    iterations: int,
    size: tuple[int, int],
    bar: Bar,
) -> Made:
    """A file's content. Raises MtorchError where it can't be had."""
    if format == "html":
        return report(opened, name, address, iterations, bar)
    with bar("running", Address.parse(address).iteration if address else 1) as advance:
        at = place(opened, address, lambda _: advance() or True)
    if format == "csv":
        return tensor_table(opened.session, at, tensor)
    if format == "npz":
        return tensors(opened.session, at)
    return screen(opened, name, at, tensor, size)


def report(opened: Opened, name: str, address: str, iterations: int, bar: Bar) -> Made:
    """The report in HTML: from an address's iteration on, else from the first one that can be shown."""
    first = Address.parse(address).iteration if address else opened.first
    numbers = range(first, first + iterations)
    if opened.target is None and opened.recording is not None:
        numbers = [n for n in opened.recording.kept if n >= first][:iterations] or numbers
    health = WINDOW if opened.target is not None and not first else 0
    with bar(f"checking {name}", len(numbers) if not health else max(iterations, health)) as advance:
        found = gather(opened, name, numbers, health, once_each(advance))
    return told_of(found)


def report_of(opened: Opened, name: str, iteration: int, going: Going) -> Made:
    """The report of one iteration, with what is known of the training's health there."""
    session = opened.session
    health = [(finding, session.ward.address(finding)) for finding in session.health(iteration, going)]
    return told_of(gather(opened, name, [iteration], 0, going, health))


def told_of(found: Dossier) -> Made:
    word = "iteration" if len(found.iterations) == 1 else "iterations"
    return Made(page(found).encode(), f"a report of {word} {ranges(found.iterations)}")


def screen(opened: Opened, name: str, at: Position, tensor: str | None, size: tuple[int, int]) -> Made:
    """The screen as SVG."""
    from tui.app import DebuggerApp
    from tui.export.picture import picture
    from tui.notebook import Notebook

    event = opened.session.trace(at.iteration).events[at.event]
    if tensor is not None and tensor not in event.tensors:
        raise MtorchError(f"{event.address}: {unknown('tensor', tensor, list(event.tensors))}")
    app = DebuggerApp(opened.session, name, Notebook(opened.target), begin=at)
    return Made(picture(app, tensor, size).encode(), f"the screen at {event.address}, {size[0]}x{size[1]}")


def place(opened: Opened, address: str, going: Going = ALWAYS) -> Position:
    """Where an address is; without one, the first finding of the first iteration, or that iteration's start."""
    if address:
        return opened.session.goto(Address.parse(address), going)
    report, _ = known(opened.session, opened.first, going)
    return Position(opened.first, min(report.marked, default=0) if report else 0)


def known(session: Session, iteration: int, going: Going = ALWAYS) -> tuple[Report | None, str]:
    """An iteration's report; where it can't be had, None and why."""
    session.trace(iteration, going)
    try:
        with np.errstate(all="ignore"):
            return session.report(iteration, going), ""
    except (GuestError, MtorchError) as error:
        return None, f"; not checked: {plain(error)}"


def tensor_table(session: Session, at: Position, name: str | None, going: Going = ALWAYS) -> Made:
    """An event's tensor as csv; the one that the screen would show first, without a name."""
    event = event_at(session, at)
    report, why = known(session, at.iteration, going)
    wrong = [check.tensor for check in report.wrong.get(at.event, ())] if report else []
    chosen = name if name is not None else choose(event, wrong, None)
    if chosen is None or chosen not in event.tensors:
        raise MtorchError(f"{event.address}: {unknown('tensor', chosen or '', list(event.tensors))}")
    array = event.tensors[chosen]
    right = right_numbers(report, at.event, chosen, lambda: going(at.iteration)) if report else None
    lines = []
    for number, line in enumerate(csv_lines(array, right)):
        if number % 1024 == 1023 and not going(at.iteration):
            raise Stopped
        lines.append(f"{line}\n")
    beside = ", with the right numbers beside it" if right is not None else ""
    words = f"{plain(chosen)} ({shape(array.shape)}) at {plain(event.address)}{beside}{why}"
    return Made("".join(lines).encode(), words)


def tensors(session: Session, at: Position) -> Made:
    """All tensors of an event as npz."""
    event = event_at(session, at)
    return Made(npz(event.tensors, str(event.address)), f"{plural(len(event.tensors), 'tensor')} at {event.address}")


def event_at(session: Session, at: Position) -> Event:
    """An event that has tensors. Raises MtorchError where it has none."""
    event = session.trace(at.iteration).events[at.event]
    if not event.tensors:
        raise MtorchError(f"{event.address}: no tensors of its own; what is inside it has")
    return event
