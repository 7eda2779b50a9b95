"""What `mtorch diff` does: two targets, run in step from their first iteration."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mtorch.debug.differences import Comparison, compare
from mtorch.errors import ScenarioError
from tui.guest import GuestError
from tui.targets import Target


@contextlib.contextmanager
def option_named(usual: str, own: str, words: Iterable[str]) -> Iterator[None]:
    """While entered, an error about what these words say names the option that they were given by."""
    try:
        yield
    except ScenarioError as error:
        for said in words:
            if str(error).startswith(f"{usual} {said}:"):
                raise ScenarioError(f"{own}{str(error).removeprefix(usual)}") from None
        raise


def differ(a: Target, b: Target, iterations: int, told: Callable[[], Any] = lambda: None) -> Comparison:
    """Compare the first iterations; `told` hears of each that runs. Raises MtorchError where one doesn't."""

    def going(_: int) -> bool:
        told()
        return True

    try:
        with contextlib.redirect_stdout(sys.stderr):
            return compare(a.session(), b.session(), 0, iterations, going)
    except GuestError as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # Ctrl-C is the user's, wherever it came
            raise KeyboardInterrupt from None
        raise
