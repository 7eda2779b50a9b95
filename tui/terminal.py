"""Terminal: what commands say on it, in lines and bars; and whether there is one."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

UNUSABLE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141
"""Exit statuses."""


def fail(error: object, command: str = "mtorch") -> int:
    from tui.plain import plain

    click.echo(f"{command}: {plain(error)}", err=True)
    return UNUSABLE


def forget_output() -> None:
    """What is still buffered would fail again at exit, with a message."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(renderable: RenderableType) -> None:
    """Print to stdout what Rich makes of it there."""
    from rich.console import Console, Group

    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(Group(renderable), crop=False)  # Rich wraps a Text that stands alone, even where it says no_wrap
    lines = [line.rstrip(" ") for line in captured.get().split("\n")]
    click.echo("\n".join(lines), nl=False, color=True)


@contextlib.contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr that goes when it is full; without a terminal there, nothing."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with bar_on_stderr() as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


@contextlib.contextmanager
def under_way(words: str) -> Iterator[None]:
    """While entered, stderr's terminal says at once what is done; without a terminal there, nothing."""
    if not sys.stderr.isatty():
        yield
        return
    import shutil

    from tui.plain import plain

    # Back at the line's start, where whatever a target prints goes over it.
    print(f"mtorch: {plain(words)} …"[: shutil.get_terminal_size().columns - 1], end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print("\x1b[2K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def bytes_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """The same for files that come one after the other: it is told a name, how many bytes came, and of how many."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    with bar_on_stderr() as bar:
        task = bar.add_task("", total=None)
        yield lambda name, done, total: bar.update(task, description=name, completed=done, total=total)


def bar_on_stderr() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)


def on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def served() -> bool:
    """Whether this process draws for a browser: textual-serve says so in its environment."""
    return os.environ.get("TEXTUAL_DRIVER") == "textual.drivers.web_driver:WebDriver"
