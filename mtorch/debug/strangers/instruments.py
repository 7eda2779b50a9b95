"""Instruments: methods of classes are watched as the classes are defined, on all their objects."""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

from mtorch.debug.strangers.observer import LOSSES, Observer
from mtorch.debug.strangers.quiet import quiet
from mtorch.debug.watch import Watch

LIBRARIES = tuple(str(Path(path)) for path in {*sysconfig.get_paths().values()} if path)
"""Where Python's own and installed packages are: their classes are left alone."""


class Instruments(Watch):
    """While entered, every class that is defined with a forward, or a __call__, and a backward is watched."""

    def __init__(self, observer: Observer, spared: str) -> None:
        super().__init__((), observer)
        self.observer, self.spared = observer, spared

    def __enter__(self) -> Instruments:
        self._build = builtins.__build_class__

        def build(*args: Any, **kwargs: Any) -> Any:
            made = self._build(*args, **kwargs)
            if isinstance(made, type):
                self.attach(made)
            return made

        builtins.__build_class__ = build
        return self

    def __exit__(self, *error: Any) -> None:
        builtins.__build_class__ = self._build
        super().__exit__(None, None, None)

    def attach(self, cls: type) -> None:
        """Watch a class's methods, if it is one of layers."""
        forward = next((name for name in ("forward", "__call__") if is_method(cls, name)), None)
        if forward is None or not is_method(cls, "backward") or not self.of_the_script(cls):
            return
        for name in (forward, "backward", *(name for name in LOSSES if is_method(cls, name))):
            self.replace(cls, name)
        if cls.__dict__.get("__call__") is getattr(cls.__dict__.get("forward"), "__wrapped__", cls):
            type.__setattr__(cls, "__call__", cls.__dict__["forward"])  # `__call__ = forward` in the class's body

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
        with self._guarded():
            self.observer.enter(target, name, args, kwargs)
        self._active.add(key)
        try:
            result = original(target, *args, **kwargs)
        except BaseException:
            with self._guarded():
                self.observer.failed(target, name)
            raise
        finally:
            self._active.discard(key)
        with self._guarded():
            self.observer.leave(target, name, result)
        return result

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """What fails here must not fail in the script: observing ends, and the script goes on."""
        try:
            yield
        except Exception as error:
            self.observer.broken = self.observer.broken or said(error)


def said(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"


def is_method(cls: type, name: str) -> bool:
    found = next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)
    return isinstance(found, FunctionType)
