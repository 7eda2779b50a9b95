"""Pairs: two plain functions, forward and backward, as one layer."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mtorch.errors import MtorchError
from mtorch.layers.base import Array

Arrays = dict[str, Array]


class Pair:
    """Calls the functions. `params` and `grads` are dicts that they use without being handed them."""

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        params: Arrays | None = None,
        grads: Arrays | None = None,
    ) -> None:
        self.name, self.functions = name, {"forward": forward, "backward": backward}
        self.params, self.grads = params, grads
        # Behind a function, which copies share: a copy's functions use the same dicts as the original's.
        self._home: Callable[[], tuple[Arrays | None, ...]] = lambda: (params, grads)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        with self._at_home():
            return self.functions["forward"](*args, **kwargs)

    def backward(self, *args: Any, **kwargs: Any) -> Any:
        with self._at_home():
            return self.functions["backward"](*args, **kwargs)

    @property
    def unnamed(self) -> str:
        """In words, what the functions take for parameters without being handed them, or having them named."""
        try:
            seen = inspect.getclosurevars(self.functions["forward"])
        except TypeError:  # no function of Python's
            return ""
        used = [name for name, value in {**seen.globals, **seen.nonlocals}.items() if has_arrays(value)]
        if self.params is not None or not used:
            return ""
        return f"{self.name}: it uses {', '.join(used)}, whose gradients are not checked; params= and grads= name them"

    @contextlib.contextmanager
    def _at_home(self) -> Iterator[None]:
        """While entered, the dicts that the functions use have what this copy's have."""
        homes = [
            (name, home)
            for name, home in zip(("params", "grads"), self._home(), strict=True)
            if home is not None and getattr(self, name) is not home
        ]
        before = [dict(home) for _, home in homes]
        for name, home in homes:
            filled(home, getattr(self, name))
        try:
            yield
        finally:
            for (name, home), old in zip(homes, before, strict=True):
                setattr(self, name, dict(home))
                filled(home, old)


def has_arrays(value: Any) -> bool:
    """Whether it may be parameters: an array of floats, or a dict with such."""
    parts = value.values() if isinstance(value, dict) else [value]
    return any(isinstance(part, np.ndarray) and part.dtype.kind == "f" for part in parts)


class LossPair(Pair):
    """One function that returns a loss and its gradient: forward gives the one, backward the other."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        super().__init__(name, function, self.gradient_of)
        self.returned: Any = None

    def gradient_of(self) -> Any:
        """What a backward is handed: nothing, as the loss is a number."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        self.returned = self.functions["forward"](*args, **kwargs)
        pair = self.returned if isinstance(self.returned, tuple | list) else ()
        if len(pair) != 2 or np.ndim(pair[0]) != 0 or not isinstance(pair[1], np.ndarray):
            came = type(self.returned).__name__ if len(pair) < 2 else " and ".join(type(x).__name__ for x in pair)
            raise MtorchError(f"watch.loss: {self.name} returned {came}; expected a loss and its gradient")
        return pair[0]

    def backward(self) -> Any:
        return self.returned[1]


def filled(home: Arrays, content: Arrays) -> None:
    home.clear()
    home.update(content)
