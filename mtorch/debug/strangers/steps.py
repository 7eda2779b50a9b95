"""Steps: how what a file's build(seed) made goes from one iteration to the next."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

Step = Callable[[int], Any]


def step_of(built: Any) -> Step | None:
    """What takes one iteration, by its number: a step of the object's own, the object itself, or, of a pair such as
    (model, step), its last part, which may be handed the first; None where there is none.
    """
    if isinstance(built, tuple | list):
        *before, step = built or [None]
        return callable_with(step, (), tuple(before)) or step_of(step)
    return callable_with(getattr(built, "step", built), ())


def callable_with(step: Any, *handed: tuple[Any, ...]) -> Step | None:
    """A step that takes the number after one of the things it may be handed before, or nothing at all."""
    if not callable(step):
        return None
    try:
        signature = inspect.signature(step)
    except (TypeError, ValueError):  # made in C
        return lambda iteration: step(iteration)
    for before in handed:
        if fits(signature, *before, 0):
            return lambda iteration: step(*before, iteration)
    return (lambda iteration: step()) if fits(signature) else None


def fits(signature: inspect.Signature, *args: Any) -> bool:
    try:
        signature.bind(*args)
    except TypeError:
        return False
    return True
