"""Copies of somebody's objects, to try things on: what can't be copied, such as a file or a generator, is shared."""

from __future__ import annotations

import copy
import random
from collections import deque
from types import MethodType
from typing import Any

import numpy as np

from mtorch.debug.strangers.places import PLAIN, attributes


def duplicate(thing: Any, memo: dict[int, Any]) -> Any:
    """A deep copy. `memo` has the copy of each object by the original's id, and keeps one object one.

    Not copy.deepcopy, which asks the object's own code (a __getattr__ may never end there), and gives up on what
    holds a generator, a lock or a module.
    """
    if id(thing) in memo:
        return memo[id(thing)]
    found = copied(thing, memo)
    memo[id(thing)] = found
    return found


def copied(thing: Any, memo: dict[int, Any]) -> Any:
    kind = type(thing)
    if isinstance(thing, np.ndarray):
        return np.array(thing, subok=True)
    if isinstance(thing, np.random.Generator | np.random.RandomState | random.Random):
        return copy.deepcopy(thing)
    if isinstance(thing, MethodType):  # such as a loss's backward_func: of the copy, too
        return MethodType(thing.__func__, duplicate(thing.__self__, memo))
    if isinstance(thing, PLAIN):
        return thing
    if isinstance(thing, tuple):
        made = [duplicate(part, memo) for part in thing]
        return kind(*made) if hasattr(thing, "_fields") else tuple(made)
    if isinstance(thing, list | dict | set | deque):
        return container(thing, memo)
    if kind.__flags__ & HEAP and attributes_settable(kind):
        return instance(thing, memo)
    return thing


HEAP = 1 << 9
"""Python's own flag of classes that are defined by a class statement."""


def attributes_settable(kind: type) -> bool:
    """Whether an object of the class is all in its attributes: it has no base that is made in C."""
    return all(base is object or base.__flags__ & HEAP for base in kind.__mro__)


def instance(thing: Any, memo: dict[int, Any]) -> Any:
    try:
        made = object.__new__(type(thing))
    except TypeError:
        return thing
    memo[id(thing)] = made  # before what it holds, which may hold it
    for name, value in attributes(thing).items():
        object.__setattr__(made, name, duplicate(value, memo))
    return made


def container(thing: Any, memo: dict[int, Any]) -> Any:
    made = copy.copy(thing)
    memo[id(thing)] = made
    if isinstance(thing, dict):
        for key, value in thing.items():
            dict.__setitem__(made, key, duplicate(value, memo))
    elif isinstance(thing, list):
        made[:] = [duplicate(value, memo) for value in thing]
    else:
        made.clear()
        for value in thing:
            (made.add if isinstance(thing, set) else made.append)(duplicate(value, memo))
    return made
