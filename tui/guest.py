"""Guest: somebody's code at work. Whatever it raises comes out as one line that says where."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mtorch.errors import MtorchError, ScenarioError


class GuestError(ScenarioError):
    """What somebody's code raised, told already."""


@contextlib.contextmanager
def guest(name: str, source: Path | None = None, doing: str = "") -> Iterator[None]:
    """While entered, modules beside `source` can be imported, and stdout is ours: what is printed goes to stderr.

    Raises ScenarioError for all that the code raises, sys.exit too; only Ctrl-C passes.
    """
    folder = str(source.parent) if source else None
    if folder:
        sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"):
            yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise blame(error, name, source, doing) from error
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def blame(error: BaseException, name: str, source: Path | None = None, doing: str = "") -> GuestError:
    """An error in one line that says where."""
    return GuestError(": ".join(filter(None, (where(error, name, source), doing, what(error)))))


def where(error: BaseException, name: str, source: Path | None) -> str:
    """The innermost line of the guest's own file; just the name where no line of it is to blame."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).exists():
        return f"{name if error.filename == str(source) else error.filename}:{error.lineno}"
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if source is not None and frame.f_code.co_filename == str(source)]
    return f"{name}:{lines[-1]}" if lines else name


def what(error: BaseException) -> str:
    """An error in words; mtorch's own speak for themselves, others come with their type."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, MtorchError) and message:
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
