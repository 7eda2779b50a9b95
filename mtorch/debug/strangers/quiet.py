"""Quiet: while copies of a stranger's layers are tried out, nothing is reported, printed or left changed by it."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator

import numpy as np

from mtorch.debug.strangers.chance import Chance

_here = threading.local()


def quiet() -> bool:
    """Whether calls are trials, and not the stranger's own."""
    return getattr(_here, "depth", 0) > 0


@contextlib.contextmanager
def quietly(*classes: type) -> Iterator[None]:
    """While entered, calls are trials; afterwards, random generators that the classes may draw from are as before."""
    luck = [Chance(cls) for cls in classes]
    _here.depth = getattr(_here, "depth", 0) + 1
    try:
        with silence() if _here.depth == 1 else contextlib.nullcontext():
            yield
    finally:
        _here.depth -= 1
        for chance in luck:
            chance.again()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """While entered, nothing is printed or warned of."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield
