"""Chance: the states of random generators that a layer may draw from: with them, a call can be made again alike."""

from __future__ import annotations

import ctypes
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

STATE = 624 * 4 + 4
"""Bytes of a Mersenne twister's state: its words and the position among them."""
INSTANCE: Any = random._inst
OWN = (np.random.RandomState, np.random.Generator)


class Chance:
    """The states that numpy's and Python's own generators have now, and those that are global where a class is from."""

    __slots__ = ("_others", "_python", "_twister")

    def __init__(self, cls: type) -> None:
        self._twister, self._python = TWISTER.state(), PYTHON.state()
        self._others: list[tuple[Callable[[Any], Any], Any]] = []
        for value in list(vars(sys.modules.get(cls.__module__, random)).values()):
            if isinstance(value, OWN):
                self._others.append(_state_of(value))

    def again(self) -> None:
        """Go back to these states."""
        TWISTER.put(self._twister)
        PYTHON.put(self._python)
        for put, state in self._others:
            put(state)


class Known:
    """A generator's state, read and written only where a look at its memory says that it is another one by now.

    To read a twister's state makes numbers of its 624 words; a look at the bytes takes a hundredth of that. `look`
    returns None where bytes don't tell all.
    """

    def __init__(self, look: Callable[[Any], bytes | None], read: Callable[[], Any], write: Callable[[Any], Any]):
        self.look, self.read, self.write = look, read, write
        self._last: tuple[bytes | None, Any] = None, None

    def state(self) -> tuple[bytes | None, Any]:
        """The state, after what a look at it sees."""
        seen, last = self.look(self._last[1]), self._last
        if seen is None or seen != last[0]:
            state = self.read()
            self._last = last = self.look(state), state
        return last

    def put(self, state: tuple[bytes | None, Any]) -> None:
        if self.state() is not state:
            self.write(state[1])
            self._last = self.look(state[1]), state[1]


def look_at_numpy(last: Any) -> bytes | None:
    """The bytes of the twister behind numpy's global functions: all there is, unless a normal number is left over."""
    generator = np.random.get_bit_generator()  # type: ignore[attr-defined]
    if not isinstance(last, tuple) or last[3] or type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, STATE)


def look_at_python(last: Any) -> bytes | None:
    """The bytes of the twister behind Python's global functions, in CPython, unless a normal number is left over."""
    if last is None or sys.implementation.name != "cpython" or INSTANCE.gauss_next is not None:
        return None
    return ctypes.string_at(id(INSTANCE) + object.__basicsize__, STATE)


TWISTER = Known(look_at_numpy, np.random.get_state, np.random.set_state)
PYTHON = Known(look_at_python, random.getstate, random.setstate)


def _state_of(generator: Any) -> tuple[Callable[[Any], Any], Any]:
    if isinstance(generator, np.random.RandomState):
        return generator.set_state, generator.get_state()
    return _setter(generator.bit_generator), generator.bit_generator.state


def _setter(generator: Any) -> Callable[[Any], None]:
    def put(state: Any) -> None:
        generator.state = state

    return put
