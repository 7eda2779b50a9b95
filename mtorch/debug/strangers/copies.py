"""Copies of somebody's objects, to try things on: what can't be copied, such as a file or a generator, is shared."""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from types import MethodType
from typing import Any

import numpy as np

from mtorch.debug.strangers.places import ATOMS, PLAIN, attributes, slots_of


def copy_of(array: Any) -> Any:
    """A copy of an array, of its own kind."""
    return array.copy("K") if type(array) is np.ndarray else np.array(array, subok=True)


LARGE = 1 << 18
"""Bytes from which on comparing an array with its last copy is cheaper than another copy."""


class Kept:
    """Copies of arrays; of a large one that is as it was when last copied, that copy, which none may write to."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[Any, Any]] = {}  # with the array itself, so that its id stays its own

    def __call__(self, array: Any) -> Any:
        if array.nbytes < LARGE or type(array) is not np.ndarray or array.dtype.itemsize not in (1, 2, 4, 8):
            return copy_of(array)
        _, last = self._last.get(id(array), (None, None))
        if last is None or not same_bits(array, last):
            last = copy_of(array)
            last.flags.writeable = False
            self._last[id(array)] = array, last
        return last

    def forget(self) -> None:
        self._last.clear()


def same_bits(a: Any, b: Any) -> bool:
    if a.dtype != b.dtype or a.dtype.kind not in "fiub":
        return False
    kind = f"i{a.dtype.itemsize}"
    return np.array_equal(a.view(kind), b.view(kind))


def duplicate(thing: Any, memo: dict[int, Any], array: Callable[[Any], Any] = copy_of) -> Any:
    """A deep copy. `memo` has the copy of each object by the original's id, and keeps one object one.

    Numbers and texts are not in it. `array` makes the copy of an array. Not copy.deepcopy, which asks the object's own
    code (a __getattr__ may never end there), and gives up on what holds a generator, a lock or a module.
    """
    if type(thing) in ATOMS:
        return thing
    if id(thing) in memo:
        return memo[id(thing)]
    found = copied(thing, memo, array)
    memo[id(thing)] = found
    return found


def copied(thing: Any, memo: dict[int, Any], array: Callable[[Any], Any]) -> Any:
    kind: Any = type(thing)
    if kind is np.ndarray or isinstance(thing, np.ndarray):
        return array(thing)
    if all_in_attributes(kind):
        return instance(thing, memo, array)
    if isinstance(thing, CONTAINERS):
        return container(thing, memo, array)
    if isinstance(thing, tuple):
        made = [duplicate(part, memo, array) for part in thing]
        return kind(*made) if hasattr(thing, "_fields") else tuple(made)
    if isinstance(thing, np.random.Generator | np.random.RandomState | random.Random):
        return copy.deepcopy(thing)
    if isinstance(thing, MethodType):  # such as a loss's backward_func: of the copy, too
        return MethodType(thing.__func__, duplicate(thing.__self__, memo, array))
    return thing


CONTAINERS = (dict, list, set, deque)
HEAP = 1 << 9
"""Python's own flag of classes that are defined by a class statement."""


@lru_cache(1024)
def all_in_attributes(kind: Any) -> bool:
    """Whether an object of the class is all in its attributes: no base of it is made in C."""
    if issubclass(kind, (*PLAIN, MethodType)):
        return False
    return kind is not object and all(base is object or base.__flags__ & HEAP for base in kind.__mro__)


def instance(thing: Any, memo: dict[int, Any], array: Callable[[Any], Any]) -> Any:
    kind: Any = type(thing)
    try:
        made = object.__new__(kind)
    except TypeError:
        return thing
    memo[id(thing)] = made  # before what it holds, which may hold it
    if slots_of(kind):
        for name, value in attributes(thing).items():
            object.__setattr__(made, name, duplicate(value, memo, array))
        return made
    try:
        held, own = (object.__getattribute__(one, "__dict__") for one in (thing, made))
    except AttributeError:  # it can hold nothing
        return made
    for name, value in held.items():
        own[name] = value if type(value) in ATOMS else duplicate(value, memo, array)
    return made


def container(thing: Any, memo: dict[int, Any], array: Callable[[Any], Any]) -> Any:
    made = copy.copy(thing) if type(thing) not in (dict, list) else type(thing)()
    memo[id(thing)] = made
    if isinstance(thing, dict):
        for key, value in thing.items():
            dict.__setitem__(made, key, duplicate(value, memo, array))
    elif isinstance(thing, list):
        made[:] = [duplicate(value, memo, array) for value in thing]
    else:
        made.clear()
        for value in thing:
            (made.add if isinstance(thing, set) else made.append)(duplicate(value, memo, array))
    return made
