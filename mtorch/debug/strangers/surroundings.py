"""Surroundings: what a class's methods use that is no part of their object, to be put back after trials.

That is what copies of a layer share with the script's own: globals, by the names in the methods' code, attributes of
classes, closures, and what these hold: other layers, optimisers, counters, random generators.
"""

from __future__ import annotations

import contextlib
import dis
import random
import sys
import sysconfig
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

import mtorch
from mtorch.debug.strangers.places import PLAIN, attributes

LIBRARIES = tuple(str(Path(path)) for path in {*sysconfig.get_paths().values()} if path)
"""Where Python's own and installed packages are: their classes are left alone."""
OURS = str(Path(mtorch.__file__).parent / "debug")

Undo = Callable[[], None]


class Surroundings:
    """Things as they are now, and what the methods of classes among them use. `restore` makes them so again."""

    def __init__(self, *things: Any) -> None:
        self._undo: list[Undo] = []
        seen: dict[int, Any] = {}  # held, as ids are of what there is
        left: list[Any] = [np.random.mtrand._rand, random._inst, *things]
        while left:
            thing = left.pop()
            if id(thing) not in seen:
                seen[id(thing)] = thing
                left += self._used(thing)

    def restore(self) -> None:
        for undo in self._undo:
            undo()

    def _used(self, thing: Any) -> Iterable[Any]:
        """What a thing uses; how it is put back is noted."""
        if isinstance(thing, np.random.Generator | np.random.RandomState | random.Random):
            self._undo.append(luck(thing))
        elif isinstance(thing, np.ndarray):
            if thing.flags.writeable:
                before = np.array(thing)
                self._undo.append(lambda: np.copyto(thing, before))
        elif isinstance(thing, FunctionType):
            return self._of_function(thing)
        elif isinstance(thing, staticmethod | classmethod | MethodType):
            return [thing.__func__, getattr(thing, "__self__", None)]
        elif isinstance(thing, property):
            return [thing.fget, thing.fset]
        elif isinstance(thing, tuple):
            return thing
        elif isinstance(thing, dict | list | set | deque):
            self._undo.append(contents(thing))
            return list(thing.values() if isinstance(thing, dict) else thing)
        elif isinstance(thing, type):
            return self._of_class(thing) if of_a_script(thing.__module__) else []
        elif not isinstance(thing, PLAIN) and (
            isinstance(thing, SimpleNamespace) or of_a_script(type(thing).__module__)
        ):
            return self._of_object(thing)
        return []

    def _of_object(self, thing: Any) -> list[Any]:
        try:
            own = object.__getattribute__(thing, "__dict__")
        except AttributeError:
            own = {}
        slots = {name: value for name, value in attributes(thing).items() if name not in own}
        self._undo.append(named(slots, lambda: attributes(thing), lambda *pair: object.__setattr__(thing, *pair)))
        return [type(thing), own, *slots.values()]

    def _of_class(self, cls: type) -> list[Any]:
        own = {name: value for name, value in vars(cls).items() if not name.startswith("__") or callable(value)}
        self._undo.append(named(own, lambda: vars(cls), lambda *pair: type.__setattr__(cls, *pair)))
        return [*cls.__bases__, *own.values()]

    def _of_function(self, function: FunctionType) -> Iterator[Any]:
        yield getattr(function, "__wrapped__", None)
        around = function.__globals__
        if not is_scripts(around.get("__file__")) or around.get("__name__") in sys.builtin_module_names:
            return
        yield from (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
        for cell in function.__closure__ or ():
            with contextlib.suppress(ValueError):  # an empty one
                yield cell.cell_contents
                self._undo.append(partial(setattr, cell, "cell_contents", cell.cell_contents))
        names, parts = names_in(function.__code__)
        modules = [m for name in names if isinstance(m := around.get(name), ModuleType) and of_a_script(m.__name__)]
        for home, wanted in ((around, names), *((vars(module), parts) for module in modules)):
            yield from self._of_names(home, wanted)

    def _of_names(self, home: dict[str, Any], names: Iterable[str]) -> Iterable[Any]:
        own = {name: home[name] for name in names if name in home}
        self._undo.append(named(own, lambda: home, home.__setitem__))
        return own.values()


def of_a_script(name: Any) -> bool:
    """Whether a module is neither a library nor ours, which a script's package called mtorch may have hidden."""
    module = sys.modules.get(str(name))
    if module is None or name in sys.builtin_module_names:
        return module is None and not str(name).startswith("mtorch.debug")
    return is_scripts(getattr(module, "__file__", None))


def is_scripts(path: Any) -> bool:
    return not str(path or "").startswith((*LIBRARIES, OURS))


@lru_cache(4096)
def names_in(code: CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The names of globals in a function's code, and all of its names, with those of functions inside it."""
    found = {i.argval for i in dis.get_instructions(code) if "GLOBAL" in i.opname}
    every = {*code.co_names}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            names, parts = names_in(inner)
            found, every = found | names, every | parts
    return frozenset(found), frozenset(every)


def named(before: Mapping[str, Any], now: Callable[[], Mapping[str, Any]], put: Callable[[str, Any], None]) -> Undo:
    def undo() -> None:
        there = now()
        for name, value in before.items():
            if name not in there or there[name] is not value:
                put(name, value)

    return undo


def contents(thing: Any) -> Undo:
    """Puts back what a dict, list, set or deque holds, the things themselves."""
    before: list[Any] = [*thing.items()] if isinstance(thing, dict) else [*thing]
    base: Any = next(cls for cls in (OrderedDict, dict, list, set, deque) if isinstance(thing, cls))

    def undo() -> None:
        now = [*thing.items()] if isinstance(thing, dict) else [*thing]
        if len(now) == len(before) and all(same(*pair) for pair in zip(now, before, strict=True)):
            return
        base.clear(thing)
        for part in before if isinstance(thing, dict) else ():
            base.__setitem__(thing, *part)
        if not isinstance(thing, dict):
            (base.update if base is set else base.extend)(thing, before)

    def same(a: Any, b: Any) -> bool:
        return a[0] is b[0] and a[1] is b[1] if isinstance(thing, dict) else a is b

    return undo


def luck(generator: Any) -> Undo:
    """Puts back the state of a random generator, if it has any."""
    try:
        if isinstance(generator, np.random.Generator):
            source, state = generator.bit_generator, generator.bit_generator.state
            return lambda: setattr(source, "state", state)
        if isinstance(generator, np.random.RandomState):
            drawn = generator.get_state(legacy=False)
            return lambda: generator.set_state(drawn)
        left = generator.getstate()
        return lambda: generator.setstate(left)
    except NotImplementedError:  # SystemRandom
        return lambda: None
