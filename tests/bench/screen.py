"""Goals of the screen, in a real pseudo-terminal of 140x45 in true colour.

What is measured goes from the write of a key to the read of the last byte that it makes the program draw: the program
is read until nothing has come for QUIET seconds, and the time is that of the last piece read, without the silence after
it. So what a key sets off later counts too, if it draws within QUIET of what was drawn before. The
measured app is the real DebuggerApp, once its iteration has been checked: no check is under way.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.goals import Goal
from tests.bench.measure import Measured
from tests.terminal import PATIENCE, TRUECOLOUR, Terminal

QUIET = 0.08
COLUMNS, LINES = 140, 45
ROUNDS = 21
CHECKED = "right"
"""What the screen says once an iteration's gradients were checked, in a training without faults."""

HELD, RATE = 6.0, 60
"""Seconds that a key is held down, and how often a second it then comes."""

LAG = 0.1
"""Seconds that a screen may lag behind a key that was held down."""


@contextmanager
def opened(name: str, *shown: str) -> Iterator[Terminal]:
    """One of the programs in tests.bench.screens, once it shows all these words."""
    environment = {**TRUECOLOUR, "PYTHONDONTWRITEBYTECODE": "", "MTORCH_HOME": "/nonexistent"}
    terminal = Terminal([sys.executable, "-m", "tests.bench.screens", name], COLUMNS, LINES, environment)
    try:
        terminal.shows(*shown)
        terminal.quiet(10 * QUIET)
        yield terminal
    finally:
        terminal.close()


def drawn(terminal: Terminal, keys: str) -> float:
    """Seconds from a key to the last byte that it makes the program draw."""
    began = time.perf_counter()
    terminal.keys(keys)
    assert terminal.read(PATIENCE), f"{keys} draws nothing"
    return terminal.quiet(QUIET) - began


def update(terminal: Terminal) -> None:
    """Go to the bias, which comes right after the weight."""
    go(terminal, "0 update linear.bias", "update › linear.bias")


def go(terminal: Terminal, place: str, shown: str) -> None:
    terminal.keys(f":goto {place}\r")
    terminal.shows(shown)
    terminal.quiet(10 * QUIET)


def back_to_the_weight(terminal: Terminal) -> float:
    """A step back from a bias to its weight, whose table then shows; and forward again, which doesn't count."""
    taken = drawn(terminal, "S")
    drawn(terminal, "s")
    return taken


def medians(pairs: list[tuple[float, float]]) -> Measured:
    ratio = statistics.median(a / b for a, b in pairs)
    return Measured(ratio, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))


def step_against_rich() -> Measured:
    with opened("small", CHECKED) as small, opened("rich", "19") as rich:
        update(small)
        return medians([(back_to_the_weight(small), drawn(rich, "x")) for _ in range(ROUNDS)])


def large_step() -> Measured:
    with opened("small", CHECKED) as small, opened("large", CHECKED) as large:
        update(small), update(large)
        return medians([(back_to_the_weight(large), back_to_the_weight(small)) for _ in range(ROUNDS)])


def opening() -> Measured:
    """Each of ours is of a tensor of the update that hasn't been shown before."""
    with opened("large", CHECKED) as large, opened("datatable") as datatable:
        update(large)
        drawn(large, "S")
        return medians([(drawn(large, "]"), drawn(datatable, "x")) for _ in range(3)])


def held_down() -> Measured:
    """The lag is what passes from the last key to the last byte drawn; the place that shows then must be the right one.

    The iterations that are gone through were checked before, so that what is drawn last is not a check's result.
    """
    count = int(HELD * RATE)
    with opened("held", CHECKED) as terminal:
        for iteration in range(1, 7):
            terminal.keys("}")
            terminal.shows(f"iteration {iteration} ", CHECKED)
            terminal.quiet(1.0)
        go(terminal, "0 forward", "iteration 0 › forward ")
        began = time.perf_counter()
        for number in range(count):
            while (left := began + number / RATE - time.perf_counter()) > 0:
                terminal.read(left)
            terminal.keys("s")
        last = time.perf_counter()
        lag = terminal.quiet(1.0) - last
        shown = terminal.text.split("\n")[0]
        go(terminal, "0 forward", "iteration 0 › forward ")
        terminal.keys(f":step {count}\r")
        terminal.quiet(1.0)
        place = terminal.text.split("\n")[0]
        assert shown == place, f"after the keys it shows {shown}, not {place}"
    return Measured(lag / LAG, lag, LAG, f"{lag * 1e3:.0f} ms after {count} keys in {HELD:g} s / {LAG * 1e3:.0f} ms")


def expanding() -> Measured:
    """The forward's RNN, whose time steps then show."""
    with opened("short", CHECKED) as short, opened("long", CHECKED) as long:
        for terminal in (short, long):
            drawn(terminal, "s")

        def opens(terminal: Terminal) -> float:
            taken = drawn(terminal, "\r")
            drawn(terminal, "\r")
            return taken

        return medians([(opens(long), opens(short)) for _ in range(ROUNDS)])


def first_frame() -> Measured:
    """From the start of the process to the frame, which says what is being loaded."""
    return start("loading rnn-sin-cos")


def first_event() -> Measured:
    """The same to the screen that shows the first event and the tree."""
    return start("iteration 0 › forward", "▸ backward")


def start(*words: str) -> Measured:
    """From the start of the process to the screen that shows these words."""

    def shown() -> float:
        command = [sys.executable, "-c", "from tui.cli import main; main()", "debug", "rnn-sin-cos"]
        terminal = Terminal(command, COLUMNS, LINES, {**TRUECOLOUR, "PYTHONDONTWRITEBYTECODE": ""})
        try:
            return terminal.when(*words) - terminal.began
        finally:
            terminal.close()

    def imported() -> float:
        terminal = Terminal([sys.executable, "-c", "import textual.app; print('done')"], environment=TRUECOLOUR)
        try:
            terminal.shows("done")
            return terminal.came - terminal.began
        finally:
            terminal.close()

    shown(), imported()
    return medians([(shown(), imported()) for _ in range(11)])


GOALS = [
    Goal("screen: a step / a Rich table of 20x16", 1 / 3, step_against_rich),
    Goal("screen: a step, 4096x4096 / 20x16", 2, large_step),
    Goal("screen: lag after a key held down / 100 ms", 1, held_down),
    Goal("screen: opening 4096x4096 / a DataTable of 4096x64", 1 / 20, opening),
    Goal("screen: first frame / import textual.app", 1.6, first_frame),
    Goal("screen: first event / import textual.app", 3, first_event),
    Goal("screen: a node opened among 10,000 events / 100", 3, expanding),
]
