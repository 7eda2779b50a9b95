"""Here: the debugger, opened from inside a script, on one call of a model and its backward."""

from __future__ import annotations

import contextlib
import inspect
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.copies import duplicate
from mtorch.debug.strangers.instruments import Instruments, names_of
from mtorch.debug.strangers.leaves import numbers
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.places import PLAIN, parts
from mtorch.debug.strangers.quiet import quietly, used_by
from mtorch.debug.strangers.surroundings import Surroundings
from mtorch.debug.strangers.tape import Tape
from mtorch.errors import MtorchError
from mtorch.layers.base import Array

Moment = tuple[Trace, dict[str, Array], Report]


def here(model: Any, *inputs: Any, grad_output: Any = None) -> None:
    """Open the debugger on a copy of the model, called with the inputs, and its backward; then go on.

    As breakpoint() does. `grad_output` is what backward is handed: ones in the output's shape where it is None. Under
    `mtorch run`, which shows all calls anyway, it only makes a note at the event that came last. Without a terminal it
    says so on stderr, and goes on. Raises MtorchError for what has no forward and backward.
    """
    name = type(model).__name__
    if Instruments.current is not None:
        Instruments.current.observer.note(f"here({name})")
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        print(f"mtorch: here({name}): the debugger needs a terminal; going on without it", file=sys.stderr)
        return
    trace, state, report = moment(model, inputs, grad_output)
    about = {"target": {"kind": "script", "name": name}, "seed": 0}
    with tempfile.TemporaryDirectory(prefix="mtorch-") as folder:
        tape = Tape(Path(folder) / "here.mtr", about)
        with quietly(*used_by(event.call for event in trace.events)):
            tape.add(trace, state, report)
        tape.end()
        # By its name: the engine knows no screen, but this is asked for one.
        import_module("tui.here").show(tape.path, name)


def moment(model: Any, inputs: tuple[Any, ...], grad_output: Any = None) -> Moment:
    """One call of a copy of the model and its backward, checked. Raises MtorchError where it has no such methods."""
    classes = {cls: names for thing in objects(model) if (names := names_of(cls := type(thing))) is not None}
    if type(model) not in classes:
        raise MtorchError(f"here: {type(model).__name__} has no forward and backward")
    found: list[Moment] = []
    observer = Observer(lambda trace, state: found.append((trace, state, examined(trace))))
    twin, instruments = duplicate(model, {}), Instruments(observer, "")
    forward, backward = classes[type(model)]
    around = Surroundings(*classes, inputs)
    with contextlib.ExitStack() as entered:
        entered.callback(around.restore)
        entered.enter_context(instruments)
        for cls, names in classes.items():
            instruments.attach(cls, names)
        output = getattr(twin, forward)(*inputs)
        first = next((array for _, array in numbers(output)), np.zeros(()))
        given = np.ones(first.shape, first.dtype) if grad_output is None else grad_output
        takes = any(p.default is p.empty for p in inspect.signature(getattr(twin, backward)).parameters.values())
        getattr(twin, backward)(*([given] if takes else []))
        with quietly(*classes):
            observer.end()
    if not found:
        why = observer.broken or "its backward made nothing of it"
        raise MtorchError(f"here: nothing could be seen of {type(model).__name__}: {why}")
    return found[0]


def objects(thing: Any) -> Iterator[Any]:
    """A thing and all objects that it holds, at any depth."""
    seen: set[int] = set()
    left = [thing]
    while left:
        value = left.pop()
        if id(value) in seen or isinstance(value, (np.ndarray, *PLAIN)):
            continue
        seen.add(id(value))
        yield value
        left += [part for _, part in parts(value)]
