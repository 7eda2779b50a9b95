"""CommandFile: lines of the prompt in a file, to be carried out one after the other; and writing such files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mtorch.errors import MtorchError

HEADER = "# commands of mtorch"
"""What a file of ours begins with; others are not written over."""

LARGEST = 10_000_000
"""Bytes."""


class Line(NamedTuple):
    """A command, and its line's number."""

    number: int
    text: str


class CommandFile:
    """`transcript` is what came of it so far; `failure` is why it did not get to its end, and at which line."""

    def __init__(self, path: Path, headless: bool = False) -> None:
        """Raises MtorchError where it can't be read."""
        self.path, self.headless = path, headless
        self.lines = parsed(read(path))
        self.transcript: list[str] = []
        self.failure = ""

    def fail(self, line: Line | None, words: str) -> None:
        self.failure = f"{self.path}:{line.number}: {words}" if line else f"{self.path}: {words}"


def read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise MtorchError(f"{path}: expected a file of commands, got {path.stat().st_size} bytes")
        return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except OSError as error:
        raise MtorchError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise MtorchError(f"{path}: expected a file of commands, got something that is no text") from None


def parsed(text: str) -> list[Line]:
    """The commands: neither blank lines nor comments, which begin with #. A colon before one is no part of it."""
    lines = (Line(number, line.strip().removeprefix(":").strip()) for number, line in enumerate(text.split("\n"), 1))
    return [line for line in lines if line.text and not line.text.startswith("#")]


def entry(line: str, address: str, said: str, here: Sequence[str], over: Sequence[str]) -> str:
    """What came of one command: where we are, the status line, what "here" says, and what lies over the screen."""
    parts = [f": {line}", address, *([said] if said else []), *(f"  {words}" for words in here)]
    return "\n".join(part.rstrip() for part in [*parts, *(f"  | {words}" for words in over)]) + "\n"


def write(path: Path, target: str, lines: Sequence[str]) -> None:
    """Write commands down as a file. Raises MtorchError where that can't be, or would be over something else."""
    try:
        if path.exists() and not path.read_bytes().startswith(HEADER.encode()):
            raise MtorchError(f"{path}: is there already, and is no file of commands")
        path.write_text("\n".join([f"{HEADER} for {target}", *lines]) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MtorchError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
