"""Leaves: the arrays in what a call was given or gave back, however it is nested, and the same with others in place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mtorch.layers.base import Array


class Hole:
    """Where an array was, of that kind: a subclass of numpy's, such as matrix, is to be one again."""

    __slots__ = ("kind", "number")

    def __init__(self, number: int, kind: type = np.ndarray) -> None:
        self.number, self.kind = number, kind


def rebuilt(value: Any, part: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists and dicts with another thing in place of each that is none of these; of the same classes."""
    if isinstance(value, dict):
        inside = {key: rebuilt(inner, part) for key, inner in value.items()}
        if type(value) is dict:
            return inside
        again = copy.copy(value)
        for key, inner in inside.items():
            dict.__setitem__(again, key, inner)
        return again
    if isinstance(value, list):
        items = [rebuilt(inner, part) for inner in value]
        if type(value) is list:
            return items
        row = copy.copy(value)
        list.__setitem__(row, slice(None), items)
        return row
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
            return np.array(inner, subok=True)
        arrays.append(np.array(inner))
        return Hole(len(arrays) - 1, type(inner))

    return rebuilt(value, part), arrays


def filled(value: Any, arrays: Sequence[Any]) -> Any:
    """The same with copies of arrays in its holes."""

    def part(inner: Any) -> Any:
        return as_kind(np.array(arrays[inner.number]), inner.kind) if isinstance(inner, Hole) else inner

    return rebuilt(value, part)


def given_arrays(value: Any) -> list[Any]:
    """The arrays themselves that `emptied` takes out, in its order."""
    found: list[Any] = []
    rebuilt(
        value, lambda inner: found.append(inner) if isinstance(inner, np.ndarray) and inner.dtype.kind in "fc" else 0
    )
    return found


def alike(array: Any, other: Any) -> Any:
    """An array as one of the other's kind."""
    return as_kind(array, type(other))


def as_kind(array: Any, kind: type) -> Any:
    return array if kind is np.ndarray or not issubclass(kind, np.ndarray) else array.view(kind)


FLOATS = (float, complex, np.inexact)


def numbers(value: Any, name: str = "") -> list[tuple[str, Array]]:
    """The arrays of floats in it, copied, and plain floats; each with a name that says where it is."""
    if isinstance(value, np.ndarray):
        return [(name, np.array(value))] if value.dtype.kind in "fc" else []
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
    if isinstance(value, FLOATS):
        return [(name, np.array(value))]
    return []


def end_to_end(arrays: Sequence[Array]) -> Array:
    """One array as it is, several as one vector, one after the other."""
    return arrays[0] if len(arrays) == 1 else np.concatenate([array.ravel() for array in arrays])
