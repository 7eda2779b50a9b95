"""Quiet: while copies of a stranger's layers are tried out, nothing is reported, printed or left changed by it."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mtorch.debug.events import Call
from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.pairs import Pair
from mtorch.debug.strangers.surroundings import Surroundings

_here = threading.local()


def quiet() -> bool:
    """Whether calls are trials, and not the stranger's own."""
    return getattr(_here, "depth", 0) > 0


def used_by(calls: Iterable[Call | None]) -> list[Any]:
    """What trials of strangers' calls use: classes, and objects that copies share with the script."""
    layers = [call.layer for call in calls if call is not None]
    shared = [thing for layer in layers for thing, _ in layer.outside.values()]
    functions = [layer.target.functions for layer in layers if isinstance(layer.target, Pair)]
    return [*{type(layer.target) for layer in layers}, *shared, *functions]


@contextlib.contextmanager
def quietly(*used: Any) -> Iterator[None]:
    """While entered, calls are trials; then what is `used`, and what methods of classes use, is as it was."""
    luck, around = [Chance(cls) for cls in used if isinstance(cls, type)], Surroundings(*used)
    _here.depth = getattr(_here, "depth", 0) + 1
    try:
        with silence() if _here.depth == 1 else contextlib.nullcontext():
            yield
    finally:
        _here.depth -= 1
        for chance in luck:  # which trials go back to, all of them
            chance.again()
        around.restore()


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
