"""Places: where in somebody's object its arrays are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from mtorch.layers.base import Array

Place = tuple[tuple[str, Any], ...]
"""Steps from an object to an array in it: ("attr", name) or ("item", key)."""

DEPTH = 5
MOST = 2000
"""Arrays that are looked at in one object: a list that only grows must not take all the time there is."""

ATOMS = frozenset((int, float, str, bool, type(None), complex, bytes))
"""Types of what has no parts, and of which one may be at many places."""
PLAIN: tuple[type, ...] = (
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
    type,
    ModuleType,
    FunctionType,
    MethodType,
)
PLAIN += (BuiltinFunctionType, np.random.Generator, np.random.RandomState, np.dtype, np.generic, range)


def attributes(thing: Any) -> dict[str, Any]:
    """An object's attributes, in __dict__ or in __slots__."""
    found: dict[str, Any] = {}
    kind: Any = type(thing)
    for name, member in slots_of(kind):
        with contextlib.suppress(AttributeError):
            found[name] = member.__get__(thing, kind)  # past a __getattribute__ of its own
    with contextlib.suppress(AttributeError):
        found.update(object.__getattribute__(thing, "__dict__"))
    return found


@lru_cache(1024)
def slots_of(kind: Any) -> tuple[tuple[str, Any], ...]:
    """The attributes that objects of a class have in slots, each with what gets it."""
    found: list[tuple[str, Any]] = []
    for cls in reversed(kind.__mro__):
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name.startswith("__") and not name.endswith("__"):
                name = f"_{cls.__name__.lstrip('_')}{name}"
            member: Any = cls.__dict__.get(name)
            if name not in ("__dict__", "__weakref__") and hasattr(type(member), "__get__"):
                found.append((name, member))
    return tuple(found)


def arrays_in(thing: Any, beyond: Callable[[Any], bool] = lambda _: False) -> dict[Place, Array]:
    """The arrays of numbers in an object: in its attributes, dicts, lists, tuples, and the objects that it holds.

    What `beyond` says yes to is not gone into. An array that is at several places is there several times.
    """
    found: dict[Place, Array] = {}
    seen = {id(thing)}

    def walk(value: Any, place: Place) -> None:
        if type(value) in ATOMS or len(found) >= MOST:
            return
        if isinstance(value, np.ndarray):
            if value.dtype.kind in "fciub":
                found[place] = value
            return
        if isinstance(value, PLAIN) or len(place) >= DEPTH or id(value) in seen or beyond(value):
            return
        seen.add(id(value))
        for step, part in parts(value):
            walk(part, (*place, step))

    for step, part in parts(thing):
        walk(part, (step,))
    return found


def parts(value: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    """What an object, dict, list or tuple holds, each with the step to it."""
    if isinstance(value, dict):
        yield from ((("item", key), part) for key, part in list(value.items()))
    elif isinstance(value, list | tuple):
        yield from ((("item", number), part) for number, part in enumerate(value))
    if not isinstance(value, (tuple, *PLAIN)):
        yield from ((("attr", name), part) for name, part in attributes(value).items())


def place_of(thing: Any, sought: Any) -> Place | None:
    """Where in an object another one is; None where it isn't, or too deep."""
    seen = {id(thing)}
    level: list[tuple[Any, Place]] = [(thing, ())]
    for _ in range(DEPTH):
        below = []
        for value, place in level:
            for step, part in parts(value):
                if part is sought:
                    return (*place, step)
                if id(part) not in seen and not isinstance(part, (np.ndarray, *PLAIN)):
                    seen.add(id(part))
                    below.append((part, (*place, step)))
        level = below
    return None


def get(thing: Any, place: Place) -> Any:
    """What is at a place; None where there is nothing."""
    for kind, key in place:
        try:
            thing = thing[key] if kind == "item" else attribute(thing, key)
        except (KeyError, IndexError, TypeError):
            return None
    return thing


def put(thing: Any, place: Place, value: Any) -> None:
    """Put something at a place; a tuple that it is in is made anew."""
    *way, (kind, key) = place
    holder = get(thing, tuple(way))
    if kind == "item" and isinstance(holder, tuple):
        put(thing, tuple(way), (*holder[:key], value, *holder[key + 1 :]))
        return
    if kind == "item":
        holder[key] = value
        return
    try:
        setattr(holder, key, value)
    except AttributeError:  # a frozen dataclass
        object.__setattr__(holder, key, value)


def attribute(thing: Any, name: str) -> Any:
    """One of an object's attributes. Raises KeyError where it has none of that name."""
    try:
        own = object.__getattribute__(thing, "__dict__")
        if name in own:
            return own[name]
    except AttributeError:
        pass
    return attributes(thing)[name]


def text(place: Place) -> str:
    """params['W1'], as it is written in the object's own methods."""
    said = "".join(f".{key}" if kind == "attr" else f"[{key!r}]" for kind, key in place)
    return said.removeprefix(".")
