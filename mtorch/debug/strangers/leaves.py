"""Leaves: the arrays in what a call was given or gave back, however it is nested, and the same with others in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mtorch.layers.base import Array


class Hole:
    """Where an array was."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


def rebuilt(value: Any, part: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists and dicts with another thing in place of each that is none of these."""
    if isinstance(value, dict):
        return {key: rebuilt(inner, part) for key, inner in value.items()}
    if isinstance(value, list):
        return [rebuilt(inner, part) for inner in value]
    if isinstance(value, tuple):
        made = [rebuilt(inner, part) for inner in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return part(value)


def emptied(value: Any) -> tuple[Any, list[Array]]:
    """The same with a Hole for each array of floats, and the arrays, copied; other arrays are copied where they are."""
    arrays: list[Array] = []

    def part(inner: Any) -> Any:
        if not isinstance(inner, np.ndarray):
            return inner
        if inner.dtype.kind not in "fc":
            return np.array(inner)
        arrays.append(np.array(inner))
        return Hole(len(arrays) - 1)

    return rebuilt(value, part), arrays


def filled(value: Any, arrays: Sequence[Any]) -> Any:
    """The same with copies of arrays in its holes."""
    return rebuilt(value, lambda inner: np.array(arrays[inner.number]) if isinstance(inner, Hole) else inner)


def numbers(value: Any, name: str = "") -> list[tuple[str, Array]]:
    """The arrays of floats in it, copied, and plain floats; each with a name that says where it is."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in numbers(inner, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list | tuple):
        fields = getattr(value, "_fields", range(len(value)))
        single = len(value) == 1
        return [
            leaf
            for key, inner in zip(fields, value, strict=True)
            for leaf in numbers(inner, name if single else f"{name}[{key}]")
        ]
    if isinstance(value, float | complex | np.inexact) or (isinstance(value, np.ndarray) and value.dtype.kind in "fc"):
        return [(name, np.array(value))]
    return []
