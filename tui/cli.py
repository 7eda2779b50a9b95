"""The `mtorch` command. Every command imports what it needs when it runs: help is to come at once."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

Command = TypeVar("Command", bound=Callable[..., Any])
UNUSABLE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141
LARGEST_SEED = 2**63 - 1


class Commands(click.Group):
    """Commands that return their exit status. Unusable input is one line on stderr and status 2."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False})
        except click.UsageError as error:
            status = fail(error.format_message(), error.ctx.command_path if error.ctx else "mtorch")
        except click.Abort:
            status = INTERRUPTED
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> int:
        from mtorch.errors import MtorchError

        try:
            return super().invoke(ctx) or 0
        except MtorchError as error:
            return fail(error)
        except BrokenPipeError:
            # What is still buffered would fail again at exit, with a message.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE


def fail(error: object, command: str = "mtorch") -> int:
    from tui.plain import plain

    click.echo(f"{command}: {plain(error)}", err=True)
    return UNUSABLE


def show(renderable: RenderableType) -> None:
    """Print to stdout what Rich makes of it there."""
    from rich.console import Console, Group

    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(Group(renderable), crop=False)  # Rich wraps a Text that stands alone, even where it says no_wrap
    lines = [line.rstrip(" ") for line in captured.get().split("\n")]
    click.echo("\n".join(lines), nl=False, color=True)


def target_options(command: Command) -> Command:
    """What all commands that run a target take."""
    options = (
        click.argument("target"),
        click.option("--seed", type=click.IntRange(0, LARGEST_SEED), default=0, help="Seed of all randomness [0]."),
        click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A scenario's setting."),
        click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Folder with MNIST's idx files."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(
    "mtorch", cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="mtorch", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> int | None:
    """A time-travelling debugger for backpropagation.

    TARGET is a scenario's name (see mtorch list) or a .py file with a function build(seed) that
    returns a mtorch.Training. Without a command, a terminal shows the scenarios to choose from.
    """
    if ctx.invoked_subcommand is not None:
        return None
    if not on_terminal():
        click.echo(ctx.get_help())
        return 0
    from tui.picker import pick

    name = pick()
    return 0 if name is None else open_debugger(name)


@main.command("list")
@click.argument("name", required=False)
@click.option("--tag", help="Only scenarios with this tag, such as fault.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(name: str | None, tag: str | None, as_json: bool) -> None:
    """List the scenarios, or show one with its settings."""
    from scenarios import SCENARIOS, find
    from tui import output
    from tui.as_json import dumps, scenario_list

    if name is not None and tag is not None:
        raise click.UsageError(f"expected NAME or --tag, got both: {name} and {tag}")
    tags = sorted({tag for scenario in SCENARIOS.values() for tag in scenario.tags})
    if tag is not None and tag not in tags:
        raise click.UsageError(f"--tag {tag}: no scenario has that tag; there are {', '.join(tags)}")
    chosen = [find(name)] if name is not None else [s for s in SCENARIOS.values() if tag is None or tag in s.tags]
    if as_json:
        click.echo(dumps(scenario_list(chosen)))
    else:
        show(output.scenario_table(chosen) if name is None else output.scenario_details(chosen[0]))


@main.command()
@target_options
def debug(target: str, seed: int, assignments: tuple[str, ...], data: Path | None) -> int:
    """Open the debugger at iteration 0."""
    return open_debugger(target, seed, assignments, data)


@main.command()
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--iterations", type=click.IntRange(1), default=3, help="How many to check [3].")
@click.option("--exhaustive", is_flag=True, help="Compare every element, too; slow.")
def check(
    target: str,
    seed: int,
    assignments: tuple[str, ...],
    data: Path | None,
    as_json: bool,
    iterations: int,
    exhaustive: bool,
) -> int:
    """Check every gradient, and say what is wrong.

    Of the first iterations, each backward call against the numerical derivative of its own forward. Exit
    status 1 when that finds an error.
    """
    from tui import checking
    from tui.targets import load

    checked = checking.check(load(target, seed, assignments, data), iterations, exhaustive)
    if as_json:
        from tui.as_json import check_report, dumps

        click.echo(dumps(check_report(checked)))
    else:
        from tui import output

        show(output.check_report(checked))
    return 0 if checked.ok else 1


@main.command()
@target_options
@click.option("--epochs", type=click.IntRange(1), help="How many; a scenario has its own default, a .py file 10.")
def train(target: str, seed: int, assignments: tuple[str, ...], data: Path | None, epochs: int | None) -> int:
    """Train, and print loss and test accuracy after each epoch."""
    from tui import output
    from tui.epochs import Epochs
    from tui.targets import load

    loaded = load(target, seed, assignments, data)
    run, epochs, accuracy = Epochs(loaded), epochs or loaded.epochs, None
    try:
        for number in range(1, epochs + 1):
            with progress(f"epoch {number}/{epochs}", loaded.training.epoch) as advance:
                for _ in run.run():
                    advance()
            accuracy = run.accuracy()
            show(output.epoch_line(number, epochs, run.mean(), accuracy))
    except KeyboardInterrupt:
        show(output.stopped_line(run))
        return INTERRUPTED
    show(output.train_line(run, accuracy))
    return 0


@contextlib.contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr that goes when it is full; without a terminal there, nothing."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)
    with bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def open_debugger(name: str, seed: int = 0, assignments: tuple[str, ...] = (), data: Path | None = None) -> int:
    """Run the debugger on a target until the user leaves it."""
    if not on_terminal():
        raise click.UsageError(
            f"the debugger needs a terminal; without one, use mtorch check {name} or mtorch train {name}"
        )
    from mtorch.debug.session import Session
    from tui.targets import load

    loaded = load(name, seed, assignments, data)
    with loaded.guest("iteration 0"):
        session = Session(loaded.training)
        session.trace(0)
    from tui.app import DebuggerApp

    app = DebuggerApp(session, name)
    app.run()
    return app.return_code or 0


def on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
