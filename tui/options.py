"""Options: what several commands take, and what they are read as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
LARGEST_SEED = 2**63 - 1


class Size(click.ParamType):
    """Bytes: 2000000, 512M or 2G."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        units = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
        digits, unit = value.rstrip("KMGkmg"), value[len(value.rstrip("KMGkmg")) :].upper()
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 12 and unit in units and int(digits)):
            self.fail(f"expected a size such as 512M, got {value!r}", param, ctx)
        return int(digits) * units[unit]


class Folder(click.Path):
    """A path, which is not empty: Path("") would mean this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("expected a folder, got ''", param, ctx)
        return super().convert(value, param, ctx)


def memory_option(command: Command) -> Command:
    words = "Memory that checkpoints may take [512M]."
    return click.option("--memory", type=Size(), envvar="MTORCH_MEMORY", metavar="SIZE", help=words)(command)


def commands_options(command: Command) -> Command:
    """What all commands that open the debugger take."""
    file = click.Path(path_type=Path)
    words = "A file of the prompt's commands, to be carried out first."
    command = click.option("--headless", is_flag=True, help="With --commands: no screen, a transcript.")(command)
    return click.option("--commands", "commands_file", type=file, metavar="FILE", help=words)(command)


def target_options(command: Command) -> Command:
    """What all commands that run a target take."""
    options = (
        click.argument("target"),
        click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Seed of all randomness [0]."),
        click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A scenario's setting."),
        click.option("--data", type=Folder(path_type=Path), metavar="DIR", help="Folder with MNIST's idx files."),
    )
    for option in reversed(options):
        command = option(command)
    return command
