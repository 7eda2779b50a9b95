"""Valued: losses that are no layers, as their value and what it is of are worth seeing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from mtorch.debug.strangers.arguments import is_method
from mtorch.debug.strangers.leaves import numbers
from mtorch.debug.strangers.seen import Seen

LOSS = re.compile(r"loss|cost|criterion|crossentropy|mse", re.IGNORECASE)


def valued_method(cls: type) -> str | None:
    """The method that a loss is called by; None of a class that isn't called like one."""
    if not LOSS.search(cls.__name__):
        return None
    return next((name for name in ("__call__", "forward") if is_method(cls, name)), None)


def value_of(result: Any) -> float | None:
    """The loss in what a loss gave: the number itself, or in the first of several, or as an attribute."""
    if isinstance(result, tuple | list) and result:
        result = result[0]
    for value in (result, *(getattr(result, name, None) for name in ("value", "loss", "data"))):
        if isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.size == 1):
            return float(np.real(np.asarray(value).ravel()[0]))
    return None


def loss_event(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Seen | None:
    """The event of a loss; None where it was given no output and target, or gave no number."""
    value = value_of(result)
    given = [np.array(a) for a in (*args, *kwargs.values()) if isinstance(a, np.ndarray) and a.dtype.kind in "fiu"]
    if value is None or len(given) < 2:
        return None
    node = Seen("loss", "", "loss")
    node.tensors = {"output": given[0], "target": given[1], "value": np.array(value)}
    node.tensors |= {f"grad{name}": array for name, array in numbers(getattr(result, "gradient", None))}
    return node
