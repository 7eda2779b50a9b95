"""Watch: replaces methods on the classes of objects at hand, reports their calls, and puts all back."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Protocol


class Listener(Protocol):
    """Who is told of calls. `enter` comes before the call, `leave` after it has returned."""

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None: ...

    def leave(self, target: Any, method: str, result: Any) -> None: ...


class Replacement:
    """A class's method while watches are interested in it: it stands in once, however many there are."""

    def __init__(self, cls: type, name: str) -> None:
        self.cls, self.name = cls, name
        self.own = cls.__dict__.get(name)
        self.watches: tuple[Watch, ...] = ()
        original = getattr(cls, name)

        @functools.wraps(original)
        def method(target: Any, *args: Any, **kwargs: Any) -> Any:
            for watch in self.watches:
                if watch.wants(
                    target, name
                ):  # and for as long as the call lasts no more, so that the next one's turn comes
                    return watch.call(method, target, name, args, kwargs)
            return original(target, *args, **kwargs)

        type.__setattr__(cls, name, method)  # past a metaclass that would not have it

    def restore(self) -> None:
        if self.own is None:
            type.__delattr__(self.cls, self.name)
        else:
            type.__setattr__(self.cls, self.name, self.own)


_replaced: dict[tuple[type, str], Replacement] = {}
_lock = threading.Lock()


class Watch:
    """While entered, calls of the named methods on the given objects reach the listener.

    The methods are replaced on classes, not on instances: a deep copy carries no wrapper, and
    __slots__ need no room. Calls on other objects of the classes pass through; a method that calls
    super()'s counts once. Several watches may be entered at a time, by several threads, on the same or different
    objects of the same classes; when the last one leaves, the classes are as they were.
    """

    def __init__(self, targets: Iterable[tuple[Any, tuple[str, ...]]], listener: Listener) -> None:
        self.targets = list(targets)
        self.listener = listener
        self._watched = {id(target) for target, _ in self.targets}
        self._active: set[tuple[int, str]] = set()
        self._pairs = dict.fromkeys((type(target), name) for target, names in self.targets for name in names)

    def __enter__(self) -> Watch:
        try:
            for pair in self._pairs:
                self.attend(pair)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _lock:
            for pair in _replaced.keys() & self._pairs.keys():
                replacement = _replaced[pair]
                replacement.watches = tuple(watch for watch in replacement.watches if watch is not self)
                if not replacement.watches:
                    replacement.restore()
                    del _replaced[pair]

    def attend(self, pair: tuple[type, str]) -> None:
        """Stand in for a class's method."""
        with _lock:
            if pair not in _replaced:
                _replaced[pair] = Replacement(*pair)
            _replaced[pair].watches += (self,)

    def wants(self, target: Any, name: str) -> bool:
        """Whether a call is one to report: of an object watched, and not made from within another such call."""
        return id(target) in self._watched and (id(target), name) not in self._active

    def call(self, original: Any, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call of the original method, and report it."""
        key = (id(target), name)
        self._active.add(key)
        try:
            self.listener.enter(target, name, args, kwargs)
            result = original(target, *args, **kwargs)
        finally:
            self._active.discard(key)
        self.listener.leave(target, name, result)
        return result
