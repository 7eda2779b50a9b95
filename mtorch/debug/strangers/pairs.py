"""Pairs: two plain functions, forward and backward, as one layer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

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


def filled(home: Arrays, content: Arrays) -> None:
    home.clear()
    home.update(content)
