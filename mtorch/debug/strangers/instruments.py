"""Instruments: methods of classes are watched as the classes are defined, on all their objects."""

from __future__ import annotations

import builtins
import os
import sys
import traceback
from collections.abc import Callable, Collection
from itertools import product
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from mtorch.debug.strangers.arguments import home, is_method
from mtorch.debug.strangers.observer import LOSSES, Observer
from mtorch.debug.strangers.pairs import LossPair, Pair
from mtorch.debug.strangers.quiet import quiet
from mtorch.debug.strangers.surroundings import LIBRARIES
from mtorch.debug.strangers.valued import valued_method
from mtorch.debug.watching import Watch

PAIRS = (
    ("forward", "backward"),
    ("__call__", "backward"),
    ("fprop", "bprop"),
    ("forward_pass", "backward_pass"),
    ("forward_propagation", "backward_propagation"),
    ("forward_prop", "backward_prop"),
    ("forward_propagate", "backward_propagate"),
    ("feed_forward", "back_propagate"),
    ("feedforward", "backprop"),
    ("propagate", "backpropagate"),
    ("feed_forward", "back_propagation"),
    ("feedforward", "backpropagation"),
    ("forward_prop", "back_prop"),
)
NAMES = tuple(dict.fromkeys((*PAIRS, *product(dict(PAIRS), dict.fromkeys(back for _, back in PAIRS)))))
"""What people call the two methods of a layer."""


NAMED: WeakKeyDictionary[type, tuple[str, str]] = WeakKeyDictionary()
"""What a script says that they are called in a class of its own."""


class Instruments(Watch):
    """While entered, every class that is defined with a forward, or a __call__, and a backward is watched.

    So are those that were found `before`, by others.
    """

    current: ClassVar[Instruments | None] = None
    """Those that are entered."""

    def __init__(self, observer: Observer, spared: str, before: Instruments | None = None) -> None:
        super().__init__((), observer)
        self.observer, self.spared = observer, spared
        self._before: list[tuple[type, str, Any]] = []
        self.pairs: list[str] = []
        self._added: set[tuple[type, str]] = set()
        self.layers: dict[type, tuple[str, str]] = dict(before.layers) if before else {}
        self.losses: dict[type, str] = dict(before.losses) if before else {}

    @classmethod
    def listening_later(cls, spared: str) -> Instruments:
        """Such as only find classes."""
        observer = Observer(lambda trace, state: None)
        observer.broken = "nobody listens yet"
        return cls(observer, spared)

    def deaf(self) -> Instruments:
        """The same that are told nothing: methods are called what they are called when these are at work."""
        found = Instruments.listening_later(self.spared)
        found.layers, found.losses = dict(self.layers), dict(self.losses)
        return found

    def __enter__(self) -> Instruments:
        self._build = builtins.__build_class__

        def build(*args: Any, **kwargs: Any) -> Any:
            made = self._build(*args, **kwargs)
            if isinstance(made, type):
                self.define(made)
            return made

        builtins.__build_class__ = build
        Instruments.current = self
        for cls, names in list(self.layers.items()):
            self.attach(cls, names)
        for cls, method in self.losses.items():
            self.replace(cls, method)
        return self

    def __exit__(self, *error: Any) -> None:
        builtins.__build_class__ = self._build
        Instruments.current = None
        super().__exit__(None, None, None)
        for cls, name, value in reversed(self._before):
            if value is None:
                type.__delattr__(cls, name)
            else:
                type.__setattr__(cls, name, value)

    def idle(self) -> str:
        """In words, why nothing was seen: what is watched and was never called."""
        classes = [cls for cls, _ in self._pairs if cls not in (Pair, LossPair, *self.losses)]
        made = [*dict.fromkeys(cls.__name__ for cls in classes), *self.pairs]
        called = self.observer.called
        unused = [name for name in made if name not in called]
        if called:
            return f"no backward came after a forward of {', '.join(called)}"
        if not unused:
            return "it has no class with a forward and a backward; functions are watched by watch.layer"
        hint = "; watch.layer returns the functions to call in their place" if set(unused) & set(self.pairs) else ""
        return f"watched, but never called: {', '.join(unused)}{hint}"

    def define(self, cls: type) -> None:
        """A class is there: watch it, if it is one of layers."""
        names = names_of(cls, self._added)
        if not self.of_the_script(cls):
            return
        if names is not None:
            self.attach(cls, names)
        elif (method := valued_method(cls)) is not None:
            self.replace(cls, method)
            self.losses[cls] = method

    def attach(self, cls: type, names: tuple[str, str]) -> None:
        """Watch a class by the names that its forward and its backward have."""
        self.layers[cls] = names
        for name, role in zip(names, ("forward", "backward"), strict=True):
            if name not in (role, "__call__"):  # all else knows one name for each
                self._set(cls, role, getattr(cls, name))
                self._added.add((cls, role))
        forward = "__call__" if names[0] == "__call__" else "forward"
        for name in (forward, "backward", *(name for name in LOSSES if is_method(cls, name))):
            self.replace(cls, name)
        for name, role in zip(names, (forward, "backward"), strict=True):
            if name != role:
                self._set(cls, name, getattr(cls, role))
        if cls.__dict__.get("__call__") is getattr(cls.__dict__.get("forward"), "__wrapped__", cls):
            self._set(cls, "__call__", cls.__dict__["forward"])  # `__call__ = forward` in the class's body

    def _set(self, cls: type, name: str, value: Any) -> None:
        self._before.append((cls, name, cls.__dict__.get(name)))
        type.__setattr__(cls, name, value)

    def replace(self, cls: type, name: str) -> None:
        if name in cls.__dict__ or not any((base, name) in self._pairs for base in cls.__mro__):
            self._pairs[cls, name] = None
            self.attend((cls, name))

    def of_the_script(self, cls: type) -> bool:
        path = getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
        return not path.startswith(LIBRARIES) or path.startswith(self.spared)

    def wants(self, target: Any, name: str) -> bool:
        return not quiet() and (id(target), name) not in self._active and not self.observer.broken

    def call(self, original: Any, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        key = (id(target), name)
        if self.observer.finished:  # and the script has caught what should have ended it
            sys.stdout.flush()
            os._exit(0)
        valued = type(target) in self.losses
        if not valued:
            self._guarded(self.observer.enter, target, name, args, kwargs)
        self._active.add(key)
        try:
            result = original(target, *args, **kwargs)
        except BaseException:
            if not valued:
                self._guarded(self.observer.failed, target, name)
            raise
        finally:
            self._active.discard(key)
        if valued:
            self._guarded(self.observer.valued, args, kwargs, result)
        else:
            self._guarded(self.observer.leave, target, name, result)
        return result

    def _guarded(self, report: Callable[..., None], *what: Any) -> None:
        """What fails here must not fail in the script: observing ends, and the script goes on."""
        try:
            report(*what)
        except Exception as error:
            self.observer.broken = self.observer.broken or said(error)


def names_of(cls: type, added: Collection[tuple[type, str]] = ()) -> tuple[str, str] | None:
    """What a class's forward and backward are called; None of one that has no such methods.

    `added` are those that a watch gave to a base, by the names that all else knows.
    """
    return NAMED.get(cls) or next(
        (pair for pair in NAMES if all(is_method(cls, n) and (home(cls, n), n) not in added for n in pair)), None
    )


def said(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
