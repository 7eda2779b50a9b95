"""Chance: the states of random generators that a layer may draw from: with them, a call can be made again alike."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


class Chance:
    """The states that numpy's and Python's own generators have now, and those of a class or global where it's from."""

    def __init__(self, cls: type) -> None:
        self._states: list[tuple[Callable[[Any], Any], Any]] = [
            (np.random.set_state, _listed(np.random.get_state())),
            (random.setstate, random.getstate()),
        ]
        around = [vars(sys.modules.get(cls.__module__, random)), *map(vars, cls.__mro__)]
        for value in [value for names in around for value in list(names.values())]:
            if isinstance(value, random.Random) and not isinstance(value, random.SystemRandom):
                self._states.append((value.setstate, value.getstate()))
            elif isinstance(value, np.random.RandomState):
                self._states.append((value.set_state, _listed(value.get_state())))
            elif isinstance(value, np.random.Generator):
                self._states.append((_setter(value.bit_generator), value.bit_generator.state))

    def again(self) -> None:
        """Go back to these states."""
        for put, state in self._states:
            put(state)


def _listed(state: Any) -> Any:
    """numpy's state of a Mersenne twister with the 624 words of its key in a list: numpy, which reads them one by one,
    puts a list back 24 times as fast as an array.
    """
    return (state[0], state[1].tolist(), *state[2:]) if isinstance(state, tuple) else state


def _setter(generator: Any) -> Callable[[Any], None]:
    def put(state: Any) -> None:
        generator.state = state

    return put
