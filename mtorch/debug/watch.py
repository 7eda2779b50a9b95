"""Watch: replaces methods on the classes of objects at hand, reports their calls, and puts all back."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Protocol


class Listener(Protocol):
    """Who is told of calls. `enter` comes before the call, `leave` after it has returned."""

    def enter(self, target: Any, method: str, args: tuple[Any, ...]) -> None: ...

    def leave(self, target: Any, method: str, result: Any) -> None: ...


class Watch:
    """While entered, calls of the named methods on the given objects reach the listener.

    The methods are replaced on classes, not on instances: a deep copy carries no wrapper, and
    __slots__ need no room. Calls on other objects of the classes pass through; a method that calls
    super()'s counts once. Leaving restores the classes as they were.
    """

    def __init__(self, targets: Iterable[tuple[Any, tuple[str, ...]]], listener: Listener) -> None:
        self.targets = list(targets)
        self.listener = listener
        self._watched = {id(target) for target, _ in self.targets}
        self._active: set[tuple[int, str]] = set()
        self._replaced: list[tuple[type, str, Any]] = []

    def __enter__(self) -> Watch:
        pairs = dict.fromkeys((type(target), name) for target, names in self.targets for name in names)
        for cls, name in pairs:
            self._replaced.append((cls, name, cls.__dict__.get(name)))
        # All originals are looked up before any is replaced: a subclass must not wrap a wrapper.
        originals = {(cls, name): getattr(cls, name) for cls, name in pairs}
        for (cls, name), original in originals.items():
            setattr(cls, name, self._wrapper(original, name))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for cls, name, own in reversed(self._replaced):
            if own is None:
                delattr(cls, name)
            else:
                setattr(cls, name, own)
        self._replaced.clear()

    def _wrapper(self, original: Any, name: str) -> Any:
        def method(target: Any, *args: Any, **kwargs: Any) -> Any:
            key = (id(target), name)
            if id(target) not in self._watched or key in self._active:
                return original(target, *args, **kwargs)
            self._active.add(key)
            try:
                self.listener.enter(target, name, args)
                result = original(target, *args, **kwargs)
            finally:
                self._active.discard(key)
            self.listener.leave(target, name, result)
            return result

        return method
