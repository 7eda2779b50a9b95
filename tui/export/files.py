"""Files that are made for elsewhere: which format a name stands for, and none that is there already is lost."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from mtorch.errors import DataError

FORMATS = {
    "csv": "one tensor as a table",
    "npz": "all tensors of an event, for numpy",
    "svg": "the screen as a picture",
    "html": "a report to read in a browser",
}

LONGEST = 120
"""Characters of a name that is made of an address."""


def format_of(path: Path) -> str:
    """The format that a file's suffix says. Raises DataError for another one."""
    name = path.suffix.removeprefix(".").lower()
    if name not in FORMATS:
        raise DataError(f"{path}: expected a name that ends in {', '.join(f'.{name}' for name in FORMATS)}")
    return name


def free(path: Path, force: bool = False) -> Path:
    """The path, where a file can be written there. Raises DataError; what is there stays, without `force`."""
    with told(path):
        if not path.absolute().parent.is_dir():
            raise DataError(f"{path}: there is no folder {path.parent}")
        if path.is_dir():
            raise DataError(f"{path}: expected a file's name, got a folder")
        if os.path.lexists(path) and not force:
            raise DataError(f"{path}: exists already; choose another name, or remove it first")
    return path


def write(path: Path, content: bytes, force: bool = False) -> None:
    """Write a file, whole or not at all. Raises DataError."""
    free(path, force)
    place = path.with_name(f"{path.name}.part") if force else path
    with told(path):
        file = place.open("wb" if force else "xb")
        try:
            with file:
                file.write(content)
            if force:
                place.replace(path)
        except BaseException:
            place.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """While entered, what the system says of a file, or Python of its name, is a DataError that names it."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None


def named(folder: Path, target: str, address: str, format: str) -> Path:
    """A name of a target and an address that is free in a folder: with -2, -3 … at its end where others are."""
    words = f"{Path(target).stem}-{address}".replace(" ", "-")
    stem = re.sub(r"[^\w.=-]", "_", words, flags=re.ASCII).lstrip(".-")[:LONGEST] or "mtorch"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}.{format}" for n in count(1))
    return next(folder / name for name in names if not os.path.lexists(folder / name))
