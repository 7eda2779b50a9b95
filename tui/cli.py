"""The `mtorch` command. Every command imports what it needs when it runs: help is to come at once."""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tui.options import LARGEST_SEED, Folder, Size, commands_options, memory_option, target_options
from tui.terminal import (
    BROKEN_PIPE,
    INTERRUPTED,
    bytes_progress,
    fail,
    forget_output,
    on_terminal,
    progress,
    show,
    under_way,
)
from tui.wanted import Wanted

if TYPE_CHECKING:
    from tui.targets import Target


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
        except OSError as error:  # files' errors are MtorchErrors by now; what is left is what we print to
            status = fail(f"{error.filename or 'stdout'}: {error.strerror}")
            forget_output()
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> int:
        try:
            return super().invoke(ctx) or 0
        except BrokenPipeError:
            forget_output()
            return BROKEN_PIPE
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from mtorch.errors import MtorchError  # with numpy, which a command may load after it has said so
            from tui.config import ConfigError

            if isinstance(error, MtorchError | ConfigError):
                return fail(error)
            raise


@click.group(
    "mtorch", cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="mtorch", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> int | None:
    """A time-travelling debugger for backpropagation.

    TARGET is a scenario's name (see mtorch list), a .py file with a function build(seed) that
    returns a mtorch.Training, or a recording (.mtr). Without a command, a terminal shows the scenarios to choose from.
    """
    if ctx.invoked_subcommand is not None:
        return None
    if not on_terminal():
        click.echo(ctx.get_help())
        return 0
    from tui.picker import pick

    name = pick()
    return 0 if name is None else open_debugger(Wanted(name))


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
@memory_option
@click.option("--diff", "beside", metavar="TARGET", help="Another run, shown beside this one, step by step.")
@commands_options
def debug(
    target: str,
    seed: int | None,
    assignments: tuple[str, ...],
    data: Path | None,
    memory: int | None,
    beside: str | None,
    commands_file: Path | None,
    headless: bool,
) -> int:
    """Open the debugger at iteration 0.

    --seed, --set and --data go to both runs. mtorch config says where keys and settings are kept. With --commands and
    without a terminal, print what comes of each command.
    """
    wanted = Wanted(target, seed, assignments, data, memory=memory)
    return open_debugger(wanted, beside=beside, commands_file=commands_file, headless=headless)


@main.command()
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--iterations", type=click.IntRange(1), default=3, help="How many to check [3].")
@click.option("--exhaustive", is_flag=True, help="Compare every element, too; slow.")
@click.option(
    "--health", type=click.IntRange(0, 200), default=10, help="How many to watch for the training's health [10]."
)
def check(
    target: str,
    seed: int | None,
    assignments: tuple[str, ...],
    data: Path | None,
    as_json: bool,
    iterations: int,
    exhaustive: bool,
    health: int,
) -> int:
    """Check every gradient, and say what is wrong.

    Of the first iterations, each backward call against the numerical derivative of its own forward. Then the
    training's health: what goes wrong though gradients are right, as warnings. Exit status 1 when there is an error.
    """
    from tui import checking

    loaded = load(target, seed, assignments, data)
    with progress(f"checking {target}", max(iterations, health)) as advance:
        checked = checking.check(loaded, iterations, exhaustive, health, checking.once_each(advance))
    for line in checked.unclear:
        fail(line)
    if as_json:
        from tui.as_json import check_report, dumps

        click.echo(dumps(check_report(checked)))
    else:
        from tui import output

        show(output.check_report(checked))
    return 0 if checked.ok else 1


@main.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("script")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--iterations", type=click.IntRange(1), default=5, help="How many to record [5].")
@click.option("-o", "out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the recording, as FILE.mtr.")
@click.option("--iteration-of", "begins", default="", metavar="CLASS", help="A forward of CLASS begins an iteration.")
@click.option("--check", "only_check", is_flag=True, help="Print what is found, and open no debugger.")
@click.option("--json", "as_json", is_flag=True, help="With --check: print JSON.")
@commands_options
def run_script(
    script: str,
    args: tuple[str, ...],
    iterations: int,
    out: Path | None,
    begins: str,
    only_check: bool,
    as_json: bool,
    commands_file: Path | None,
    headless: bool,
) -> int:
    """Run somebody's own training script, unchanged, and debug its layers.

    Classes with a forward, or a __call__, and a backward are watched as they are defined; each backward is checked
    where it runs. After so many iterations the script is ended, and the debugger opens on what was recorded.
    Exit status of --check: 1 when there is an error, 2 when the script failed.
    """
    import tempfile

    from tui import output, scripts

    if as_json and not only_check:
        raise click.UsageError("--json goes with --check")
    if only_check and (commands_file or headless):
        raise click.UsageError("--check opens no debugger: it goes without --commands and --headless")
    scripts.usable(script)
    if not only_check and not on_terminal() and commands_file is None:
        raise click.UsageError("the debugger needs a terminal; without one, use --check")
    if out is not None and out.suffix != ".mtr":
        raise click.UsageError(f"-o {out}: expected a name that ends in .mtr, as a recording is known by")
    with tempfile.TemporaryDirectory(prefix="mtorch-") as folder:
        ran = scripts.run(script, args, iterations, out or Path(folder) / f"{Path(script).stem}.mtr", begins, as_json)
        for line in ran.unclear:
            fail(line)
        if not only_check:
            wanted, passing = Wanted(str(ran.recording.path)), out is None
            status = open_debugger(wanted, passing=passing, commands_file=commands_file, headless=headless)
            if ran.said:
                fail(ran.said)
            return status
        checked = scripts.checked(script, ran.recording)
        if as_json:
            from tui.as_json import check_report, dumps

            click.echo(dumps(check_report(checked)))
        else:
            show(output.check_report(checked))
        if ran.failure:
            status = fail(ran.said)
            return INTERRUPTED if ran.stopped else status
        return 0 if checked.ok else 1


@main.command()
@target_options
@click.option("--epochs", type=click.IntRange(1), help="How many; a scenario has its own default, a .py file 10.")
def train(target: str, seed: int | None, assignments: tuple[str, ...], data: Path | None, epochs: int | None) -> int:
    """Train, and print loss and test accuracy after each epoch."""
    from tui import output
    from tui.epochs import Epochs

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


@main.command()
@target_options
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, metavar="FILE.mtr")
@click.option("--iterations", type=click.IntRange(1), help="How many; all of the target's epochs unless told.")
@click.option("--every", type=click.IntRange(1), help="A checkpoint every so many iterations; about 15 ms unless told.")
@click.option("--keep", default="0:3", metavar="WHICH", help="Iterations to keep whole: 0:50,last:20 [0:3].")
@click.option("--norms/--no-norms", default=True, help="Norms of each parameter and its gradient [yes].")
@click.option("--size", type=Size(), metavar="SIZE", help="Bytes that checkpoints may take in the file [512M].")
@click.option("--force", is_flag=True, help="Put it in the place of a recording that is there.")
def record(
    target: str,
    seed: int | None,
    assignments: tuple[str, ...],
    data: Path | None,
    path: Path,
    iterations: int | None,
    every: int | None,
    keep: str,
    norms: bool,
    size: int | None,
    force: bool,
) -> int:
    """Train into a recording, to go back in later.

    FILE.mtr gets each iteration's loss and norms, checkpoints, and whatever iterations are to be kept whole. Ctrl-C
    ends it early; what was recorded stays.
    """
    from tui import output
    from tui.record import Tape

    tape = Tape(load(target, seed, assignments, data), path, iterations, every, keep, norms, size, force)
    try:
        with progress(f"recording {target}", tape.stop) as advance:
            tape.run(advance)
    except KeyboardInterrupt:
        show(output.recorded_line(tape, "stopped"))
        return INTERRUPTED
    show(output.recorded_line(tape, "done"))
    return 0


@main.command()
@click.argument("target", metavar="FILE.mtr")
@click.option("--verify", is_flag=True, help="Run it again, and compare bit by bit.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Says that an unusual setting is meant.")
@click.option("--data", type=Folder(path_type=Path), metavar="DIR", help="Folder with MNIST's idx files.")
@click.option("--source", type=click.Path(path_type=Path), metavar="FILE.py", help="The file that made it, to be run.")
@memory_option
@commands_options
def replay(
    target: str,
    verify: bool,
    assignments: tuple[str, ...],
    data: Path | None,
    source: Path | None,
    memory: int | None,
    commands_file: Path | None,
    headless: bool,
) -> int:
    """Open a recording in the debugger, or verify it.

    Opening runs nothing that the file says. Exit status of --verify: 1 when the run comes out otherwise here.
    """
    if not verify:
        wanted = Wanted(target, None, assignments, data, source, memory, recorded=True)
        return open_debugger(wanted, commands_file=commands_file, headless=headless)
    if commands_file or headless:
        raise click.UsageError("--verify opens no debugger: it goes without --commands and --headless")
    from tui import output, recordings
    from tui.record import Verified

    with under_way(f"loading {target}"):
        loaded = recordings.load(target, assignments, data, source)
    assert loaded.recording is not None
    with progress("running again", len(loaded.recording.losses)) as advance:
        verified = Verified(loaded, advance)
    show(output.verified(verified))
    return 0 if verified.otherwise is None else 1


@main.command()
@target_options
@click.option("--event", "address", default="", metavar="ADDRESS", help='Such as "0 backward rnn t=3".')
@click.option(
    "--format", "format", type=click.Choice(["csv", "npz", "svg", "html"]), help="FILE's suffix, unless told."
)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, metavar="FILE")
@click.option("--tensor", help="csv, svg: which tensor; what the screen shows first, unless told.")
@click.option("--iterations", type=click.IntRange(1), help="html: how many to check [3].")
@click.option("--size", metavar="COLUMNSxLINES", help="svg: of the screen [140x45].")
@click.option("--source", type=click.Path(path_type=Path), metavar="FILE.py", help="The file that made a recording.")
@click.option("--force", is_flag=True, help="Put it in the place of a file that is there.")
def export(
    target: str,
    seed: int | None,
    assignments: tuple[str, ...],
    data: Path | None,
    address: str,
    format: str | None,
    path: Path,
    tensor: str | None,
    iterations: int | None,
    size: str | None,
    source: Path | None,
    force: bool,
) -> int:
    """Take what a screen shows elsewhere.

    csv: a tensor of an event, with the right numbers beside wrong ones. npz: all of an event's tensors. svg: the
    screen. html: a report in one file. Without --event, iteration 0's first finding; html then begins at iteration 0.
    """
    from tui.crashing import Crash, crashed
    from tui.export import files, making
    from tui.leaving import leave
    from tui.opening import open_target
    from tui.plain import plain

    format = format or files.format_of(path)
    for option, value, formats in (
        ("--tensor", tensor, "csv svg"),
        ("--iterations", iterations, "html"),
        ("--size", size, "svg"),
    ):
        if value is not None and format not in formats.split():
            raise click.UsageError(f"{option} goes with {formats.replace(' ', ' and ')}, not with {format}")
    screen = making.size_of(size)
    files.free(path, force)
    with contextlib.redirect_stdout(sys.stderr):
        with under_way(f"loading {target}"):
            opened = open_target(Wanted(target, seed, assignments, data, source))
        try:
            made = making.make(opened, target, format, address, tensor, iterations or 3, screen, progress)
        except Crash as crash:
            return leave(crashed(crash.__cause__ or crash, f"the screen of {target}"))
    files.write(path, made.content, force)
    click.echo(f"{plain(path)}: {made.words}")
    return leave(0)


@main.command()
@target_options
@memory_option
@click.option("--host", default="127.0.0.1", help="Whose requests to answer [127.0.0.1: this machine's].")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0: any free one [8000].")
def serve(
    target: str,
    seed: int | None,
    assignments: tuple[str, ...],
    data: Path | None,
    memory: int | None,
    host: str,
    port: int,
) -> int:
    """Open the debugger in a browser.

    Every page that is opened is a debugger of its own. Needs mtorch[web].
    """
    from tui import serving
    from tui.opening import open_target

    serving.server_class()
    with contextlib.redirect_stdout(sys.stderr):
        open_target(Wanted(target, seed, assignments, data, memory=memory))
    with serving.listening(host, port) as sock:
        if not serving.is_loopback(sock):
            click.echo(f"mtorch: careful: whoever reaches {host} can run this debugger, and write files", err=True)
        serving.serve(serving.command(target, seed, assignments, data, memory), target, sock)
    return 0


@main.command()
@click.argument("a")
@click.argument("b")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--iterations", type=click.IntRange(1), default=100, help="How many to compare [100].")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Seed of all randomness, in both [0].")
@click.option("--seed-a", type=click.IntRange(0, LARGEST_SEED), help="A's seed.")
@click.option("--seed-b", type=click.IntRange(0, LARGEST_SEED), help="B's seed.")
@click.option("--set", "both", multiple=True, metavar="KEY=VALUE", help="A setting of both scenarios.")
@click.option("--set-a", "only_a", multiple=True, metavar="KEY=VALUE", help="A setting of A.")
@click.option("--set-b", "only_b", multiple=True, metavar="KEY=VALUE", help="A setting of B.")
@click.option("--data", type=Folder(path_type=Path), metavar="DIR", help="Folder with MNIST's idx files.")
def diff(
    a: str,
    b: str,
    as_json: bool,
    iterations: int,
    seed: int | None,
    seed_a: int | None,
    seed_b: int | None,
    both: tuple[str, ...],
    only_a: tuple[str, ...],
    only_b: tuple[str, ...],
    data: Path | None,
) -> int:
    """Find where two runs first differ, and how far they part.

    Both run in step, compared bit by bit. Exit status: 0 the same, 1 different, 2 unusable.
    """
    from tui.differing import differ, option_named

    with option_named("--set", "--set-a", only_a):
        one = load(a, seed if seed_a is None else seed_a, both + only_a, data)
    with option_named("--set", "--set-b", only_b):
        two = load(b, seed if seed_b is None else seed_b, both + only_b, data)
    with progress("comparing", 2 * iterations) as advance:
        found = differ(one, two, iterations, advance)
    if as_json:
        from tui.as_json import difference_report, dumps

        click.echo(dumps(difference_report(a, b, found)))
    else:
        from tui import output

        show(output.difference_report(a, b, found))
    return 0 if found.same else 1


@main.command("config")
def config_command() -> None:
    """Print where the debugger's settings and keys are kept, and what they are, as a file that can be edited."""
    from tui import config

    click.echo(config.as_toml(config.read(), config.path()))


@main.group("data", invoke_without_command=True)
@click.pass_context
def data_group(ctx: click.Context) -> None:
    """List datasets, or fetch one."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@data_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def data_list(as_json: bool) -> None:
    """List the datasets, and say which are there."""
    from tui import output
    from tui.as_json import dataset_list, dumps
    from tui.datasets import DATASETS

    if as_json:
        click.echo(dumps(dataset_list(DATASETS.values())))
    else:
        show(output.dataset_table(DATASETS.values()))


@data_group.command("fetch")
@click.argument("name")
@click.option("--mirror", "mirrors", multiple=True, metavar="URL", help="A folder to try before the usual ones.")
@click.option("--timeout", type=click.IntRange(1, 3600), default=10, help="Seconds to wait for a mirror's bytes [10].")
def data_fetch(name: str, mirrors: tuple[str, ...], timeout: int) -> int:
    """Fetch a dataset from the first mirror that has it.

    A download that was cut off goes on where it stopped. A file appears under its name only once it is
    whole, by its SHA-256.
    """
    from tui import datasets, output

    for mirror in mirrors:
        if not mirror.startswith(("http://", "https://")):
            raise click.UsageError(f"--mirror {mirror}: expected an address that starts with http:// or https://")
    dataset = datasets.find(name)
    there = not dataset.missing()
    if not there:
        try:
            with bytes_progress() as came:
                datasets.fetch(dataset, mirrors, came, timeout)
        except KeyboardInterrupt:
            click.echo("mtorch: stopped; what has come is kept, and the same command goes on there", err=True)
            return INTERRUPTED
    show(output.fetched(dataset, there))
    return 0


def open_debugger(wanted: Wanted, **options: Any) -> int:
    """Run the debugger on a target, and return the exit status."""
    # What is imported stays: looking through it for garbage takes a tenth of the time until there is a screen.
    gc.disable()
    try:
        from tui.debugging import debug

        return debug(wanted, **options)
    finally:
        gc.enable()


def load(name: str, seed: int | None, assignments: tuple[str, ...], data: Path | None) -> Target:
    """The target of that name; it is said that it is being loaded."""
    with under_way(f"loading {name}"):
        from tui import targets

        return targets.load(name, seed, assignments, data)
