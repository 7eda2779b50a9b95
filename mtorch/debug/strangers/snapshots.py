"""Snapshots: all that a stranger's program may go on from, copied, and put back into the very objects it is in."""

from __future__ import annotations

import functools
import os
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CellType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

import numpy as np

from mtorch.debug.strangers.copies import HEAP
from mtorch.debug.strangers.places import attributes
from mtorch.debug.strangers.surroundings import LIBRARIES
from mtorch.errors import MtorchError

MOST = 200_000
"""Objects."""

OURS = tuple(str(Path(__file__).parents[3] / name) + os.sep for name in ("mtorch", "tui", "scenarios"))
"""Where our own modules are."""

LARGE, LOOKED_AT = 2**20, 4096
"""Bytes: a larger array, found unchanged once, is a dataset; then so many of its numbers tell whether it still is."""

MACHINERY = frozenset(("__builtins__", "__loader__", "__spec__"))
"""Names in a module that lead to Python's own insides."""

ATOMS = frozenset((str, bytes, int, float, complex, bool, type(None), range, slice, type(Ellipsis), np.dtype))

Put = Callable[[Any, Any], None]


class Uncopied(MtorchError):
    """What can't be copied, in words."""


class Snapshot:
    """A deep copy of what is reachable from `root`, by way of functions' variables and the script's modules, too.

    Each object's own part is copied, and `restore` puts it back in place: what is elsewhere, such as in a variable of a
    function, goes on to be the same object. Arrays that are as they were `before` are kept once; `nbytes` are those of
    the others. Raises Uncopied where that can't be.
    """

    def __init__(self, root: Any, before: Snapshot | None = None) -> None:
        self.nbytes = 0
        self._parts: list[tuple[Any, Any, Put]] = []
        self._arrays: dict[int, Any] = {}
        known = before._arrays if before is not None else {}
        for count, (thing, name) in enumerate(reachable(root)):
            if count > MOST:
                raise Uncopied(f"it holds more than {MOST} objects")
            self._take(thing, name, known)

    def _take(self, thing: Any, name: str, known: dict[int, Any]) -> None:
        if isinstance(thing, np.ndarray):
            self._array(thing, known)
        elif is_iterator(thing):
            raise Uncopied(f"{name} is a {type(thing).__name__}, which can't be copied")
        for saved, put in saved_parts(thing):
            self._parts.append((thing, saved, put))

    def _array(self, array: Any, known: dict[int, Any]) -> None:
        if isinstance(array.base, np.ndarray) or not array.flags.writeable:
            return  # what it shows lies in another, or can't be changed
        saved, still = known.get(id(array), (None, False))
        if saved is None or not (alike_in_part(array, saved) if still else identical(array, saved)):
            # What was still once and isn't any more goes on to be compared whole.
            saved, still = np.array(array), False
            # What is rebound later on stays here as well as its copy.
            self.nbytes += 2 * saved.nbytes
        else:
            still = array.nbytes > LARGE and saved.flags.forc
        self._arrays[id(array)] = saved, still
        self._parts.append((array, saved, put_still if still else put_array))

    def restore(self) -> None:
        """Bring the program back to what it was."""
        for thing, saved, put in self._parts:
            put(thing, saved)


def reachable(root: Any) -> Iterator[tuple[Any, str]]:
    """All objects that a program may change in a step, each with what it is called somewhere."""
    seen = {id(root)}
    left: list[tuple[Any, str]] = [(root, "what build(seed) returned")]
    while left:
        thing, name = left.pop()
        yield thing, name
        for part, called in inside(thing):
            if type(part) not in ATOMS and id(part) not in seen:
                seen.add(id(part))
                left.append((part, called or name))


def identical(a: Any, b: Any) -> bool:
    """Whether two arrays are alike bit by bit, and in the same order; of those with gaps, it isn't looked."""
    if a.shape != b.shape or a.strides != b.strides or a.dtype != b.dtype or not a.flags.forc or a.dtype.hasobject:
        return False
    one, two = (np.asarray(x).ravel(order="K").view(np.uint8) for x in (a, b))
    return bool(np.array_equal(one, two))


def alike_in_part(a: Any, b: Any) -> bool:
    """Whether two large arrays are alike in the numbers that are looked at, evenly spread over them."""
    if a.shape != b.shape or a.strides != b.strides or a.dtype != b.dtype:
        return False
    step = max(1, a.size // LOOKED_AT)
    return identical(*(np.array(np.asarray(x).ravel(order="K")[::step]) for x in (a, b)))


def is_iterator(thing: Any) -> bool:
    """Whether something remembers how far it has come where nobody can look: a generator, a zip, an iter(list)."""
    if isinstance(thing, GeneratorType):
        return thing.gi_frame is not None
    method = getattr(type(thing), "__next__", None)  # a file is one, too
    return method is not None and not isinstance(method, FunctionType) and not hasattr(type(thing), "readline")


def of_the_script(module: Any) -> bool:
    """Whether a module is neither installed nor ours."""
    return own_file(getattr(module, "__file__", None))


def own_file(path: Any) -> bool:
    return isinstance(path, str) and not path.startswith((*LIBRARIES, *OURS))


def inside(thing: Any) -> Iterator[tuple[Any, str]]:
    """What an object holds, with what it is called there, or ""."""
    if isinstance(thing, np.ndarray):
        yield thing.base, ""
        if thing.dtype.hasobject:
            yield thing.tolist(), ""
    if isinstance(thing, dict):
        for key, value in list(thing.items()):
            if not (isinstance(key, str) and key in MACHINERY):
                yield key, ""
                yield value, key if isinstance(key, str) else ""
    elif isinstance(thing, list | tuple | set | frozenset | deque):
        yield from ((part, "") for part in list(thing))
    elif isinstance(thing, FunctionType):
        yield from zip(thing.__closure__ or (), thing.__code__.co_freevars, strict=False)
        yield from ((part, "") for part in (thing.__defaults__, thing.__kwdefaults__, vars(thing)))
        if own_file(thing.__globals__.get("__file__")):
            yield thing.__globals__, ""
    elif isinstance(thing, MethodType):
        yield from ((thing.__self__, ""), (thing.__func__, ""))
    elif isinstance(thing, CellType):
        try:
            yield thing.cell_contents, ""
        except ValueError:  # not set yet
            return
    elif isinstance(thing, ModuleType):
        if of_the_script(thing):
            yield vars(thing), ""
    elif isinstance(thing, type):
        if of_the_script(sys.modules.get(thing.__module__)):
            yield sys.modules[thing.__module__], ""
            yield from ((part, f"{thing.__name__}.{name}") for name, part in vars(thing).items() if name[:2] != "__")
    elif isinstance(thing, functools.partial):
        yield from ((part, "") for part in (thing.func, thing.args, thing.keywords))
    elif isinstance(thing, staticmethod | classmethod):
        yield thing.__func__, ""
    elif isinstance(thing, property):
        yield from ((part, "") for part in (thing.fget, thing.fset))
    if type(thing).__flags__ & HEAP and not isinstance(thing, type):
        yield type(thing), ""
        yield from ((part, f"{type(thing).__name__}.{name}") for name, part in attributes(thing).items())


def saved_parts(thing: Any) -> Iterator[tuple[Any, Put]]:
    """Copies of what an object itself may change, each with how it is put back."""
    if isinstance(thing, dict):
        yield dict(thing), put_items
    elif isinstance(thing, list | deque):
        yield list(thing), put_list
    elif isinstance(thing, set):
        yield set(thing), put_set
    elif isinstance(thing, bytearray):
        yield bytes(thing), lambda there, saved: there.__setitem__(slice(None), saved)
    elif isinstance(thing, np.random.Generator):
        yield thing.bit_generator.state, lambda there, saved: setattr(there.bit_generator, "state", saved)
    elif isinstance(thing, np.random.BitGenerator):
        yield thing.state, lambda there, saved: setattr(there, "state", saved)
    elif isinstance(thing, np.random.RandomState):
        yield thing.get_state(), lambda there, saved: there.set_state(saved)
    elif isinstance(thing, random.Random):
        yield thing.getstate(), lambda there, saved: there.setstate(saved)
    elif isinstance(thing, CellType):
        try:
            yield thing.cell_contents, put_cell
        except ValueError:
            return
    elif isinstance(thing, type):
        if of_the_script(sys.modules.get(thing.__module__)):
            yield own_values(thing), put_values
        return
    if type(thing).__flags__ & HEAP and not isinstance(thing, np.random.Generator):
        found = attributes(thing)
        if found:
            yield dict(found), put_attributes


def own_values(cls: type) -> dict[str, Any]:
    """A class's attributes that are no methods and none of Python's own."""
    methods = (FunctionType, staticmethod, classmethod, property)
    return {
        name: value
        for name, value in vars(cls).items()
        if name[:2] != "__" and not isinstance(value, methods) and not hasattr(type(value), "__set__")
    }


def put_array(array: Any, saved: Any) -> None:
    np.copyto(np.asarray(array), saved)


def put_still(array: Any, saved: Any) -> None:
    if not alike_in_part(array, saved):
        put_array(array, saved)


def put_items(there: Any, saved: dict[Any, Any]) -> None:
    """Only what differs, as others may be looking things up in it."""
    for key in [key for key in there if key not in saved]:
        dict.__delitem__(there, key)
    if [*there] != [*saved][: len(there)]:
        dict.clear(there)
    for key, value in saved.items():
        if key not in there or dict.__getitem__(there, key) is not value:
            dict.__setitem__(there, key, value)


def put_list(there: Any, saved: list[Any]) -> None:
    if len(there) == len(saved) and all(a is b for a, b in zip(there, saved, strict=True)):
        return
    there.clear()
    there.extend(saved)


def put_set(there: Any, saved: set[Any]) -> None:
    there.intersection_update(saved)
    there.update(saved)


def put_cell(there: CellType, saved: Any) -> None:
    there.cell_contents = saved


def put_values(cls: type, saved: dict[str, Any]) -> None:
    now = own_values(cls)
    for name in now.keys() - saved.keys():
        type.__delattr__(cls, name)
    for name, value in saved.items():
        if now.get(name, cls) is not value:
            type.__setattr__(cls, name, value)


def put_attributes(there: Any, saved: dict[str, Any]) -> None:
    now = attributes(there)
    for name in now.keys() - saved.keys():
        object.__delattr__(there, name)
    for name, value in saved.items():
        if name not in now or now[name] is not value:
            object.__setattr__(there, name, value)
