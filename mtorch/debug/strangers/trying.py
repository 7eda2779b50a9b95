"""Trying: a stranger's backward with an edit in its source, run by a copy of the layer: is that one right?"""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative, directions_for, rms
from mtorch.debug.events import Call
from mtorch.debug.gradcheck import Evidence, slopes
from mtorch.debug.naming import input_gradients
from mtorch.debug.strangers.edits import Edit, edits
from mtorch.debug.strangers.pairs import Pair
from mtorch.debug.strangers.places import attributes
from mtorch.debug.strangers.stranger import Stranger
from mtorch.debug.tracer import zero_gradients
from mtorch.debug.twins import twin
from mtorch.debug.work import WORK, Counted, cost
from mtorch.layers.base import Array

MOST = 1000
"""Edits that are tried of one call's backward."""
TIMES = 3
"""So many times the work of one question may be spent on one gradient."""
NEAR = 1e-6
EDIT = 300_000
"""What it costs to make a function of an edit."""
_found: dict[CodeType, list[Edit]] = {}
"""Edits that have made a function right before: what is wrong in one call of it is so in others, as a rule."""


@dataclass(frozen=True)
class Mended:
    """An edit that makes gradients right, those of `slots`; `where` is the function's file."""

    edit: Edit
    where: str
    slots: frozenset[str]


def mended(call: Call, evidence: Evidence) -> Mended | None:
    """The edit of a backward, or of a function that it calls, that makes a gradient right, and no other one wrong.

    The one that makes most of the call's gradients right; None where none does, or what may be spent on it is.
    """
    layer: Stranger = call.layer
    if layer.back is None:
        return None
    if evidence.slot not in layer.mends:
        best = max(found(call, evidence), key=lambda made: len(made.slots), default=None)
        layer.mends |= dict.fromkeys(best.slots if best is not None else {evidence.slot}, best)
    answer: Mended | None = layer.mends[evidence.slot]
    return answer


def found(call: Call, evidence: Evidence) -> Iterator[Mended]:
    after = twin(call.layer)
    zero_gradients(after)
    output = after.forward(*call.arguments)
    own = backward_of(after.target, call.layer.back.method)
    with Counted(locals_of=own.__name__ if own else "") as counted:
        first = gradients(twin(after), call)
    if not all(slot in first and agree(first[slot], call.gradients[slot]) for slot in call.gradients):
        return  # what is recorded is not what it gives by itself
    left = min(MOST, int(TIMES * WORK / (EDIT + counted.work + cost(call))))
    names = {**{f"self.{k}": v for k, v in attributes(after.target).items()}, **counted.names}
    true: dict[str, tuple[list[Array], Array]] = {}
    right: set[str] = set()
    for function, holder in functions(after.target, own) if own else ():
        tree, line = source(function)
        if tree is None:
            continue
        known = _found.setdefault(function.__code__, [])
        before = list(known)
        for number, edit in enumerate(chain(before, edits(tree, lambda name: alike(name, names)))):
            left -= 1
            if left < 0:
                return
            made = made_of(edit.tree, function)
            given = tried(made, function.__name__, holder, twin(after), call) if made is not None else {}
            if evidence.slot not in given or not fits(given[evidence.slot], evidence.directions, evidence.numerical):
                continue
            if number < len(before):
                true = {evidence.slot: (evidence.directions, evidence.numerical)}
            elif not true:
                true = truth(call)
                right = {slot for slot in true if fits(first[slot], *true[slot])}
            better = {slot for slot in true if slot in given and fits(given[slot], *true[slot])} | {evidence.slot}
            if better > right:
                where = Path(function.__code__.co_filename).name
                cause = "derivative-at-output" if of_output(edit, names, output) else edit.cause
                yield Mended(replace(edit, cause=cause, line=edit.line + line - 1), where, frozenset(better))
                if number >= len(before):
                    known.append(edit)
                if len(better) == len(true):
                    return


def of_output(edit: Edit, names: Mapping[str, Any], output: Array) -> bool:
    """Whether it puts another tensor where backward uses the layer's own output."""
    old = names.get(edit.words.partition(" in place of ")[2])
    return edit.cause == "wrong-tensor" and isinstance(old, np.ndarray) and np.array_equal(old, output)


def truth(call: Call) -> dict[str, tuple[list[Array], Array]]:
    """Of each gradient, directions and the true slopes along them."""
    derivative, made = Derivative(call, Budget(int(1e4))), {}
    for slot in call.slots:
        if slot in call.gradients and call.gradients[slot].shape == derivative.value(slot).shape:
            directions = directions_for(derivative.value(slot))[:4]
            made[slot] = directions, derivative.along(slot, directions, call.grad_output).values
    return made


def fits(gradient: Array, directions: list[Array], true: Array) -> bool:
    if gradient.shape != directions[0].shape:
        return False
    off = slopes(gradient, directions) - true
    return bool(np.isfinite(off).all() and rms(true) > 0 and rms(off) <= NEAR * rms(true))


def agree(a: Array, b: Array) -> bool:
    return a.shape == b.shape and rms(a - b) <= 1e-9 * rms(b)


def gradients(layer: Stranger, call: Call) -> dict[str, Array]:
    """What a copy's backward gives, after its forward."""
    result = layer.backward(np.array(call.grad_output))
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    return {**{name: np.array(g) for name, g in layer.gradients.items()}, **own}


def tried(made: FunctionType, name: str, holder: Any, layer: Stranger, call: Call) -> Mapping[str, Array]:
    """The gradients with another function in place of one; nothing where that raises."""
    cls = type(layer.target)
    if isinstance(layer.target, Pair) and holder is None:
        layer.target.functions = {**layer.target.functions, "backward": made}
    elif holder is None:
        layer.target.__class__ = type(cls.__name__, (cls,), {"__slots__": (), name: made})
    before = None if holder is None else holder[name]
    try:
        if holder is not None:
            holder[name] = made
        return gradients(layer, call)
    except Exception:  # what is edited may raise anything
        return {}
    finally:
        if holder is not None:
            holder[name] = before


def backward_of(target: Any, method: str) -> FunctionType | None:
    """A layer's own backward: a class's, or a function that a script named."""
    found = target.functions["backward"] if isinstance(target, Pair) else getattr(type(target), method)
    first = inspect.unwrap(found)
    return first if isinstance(first, FunctionType) else None


def functions(target: Any, first: FunctionType) -> Iterator[tuple[FunctionType, dict[str, Any] | None]]:
    """A backward, and what it calls of its own class, with None, and of its module, with the module's names."""
    yield first, None
    for name in sorted(set(first.__code__.co_names)):
        own, around = getattr(type(target), name, None), first.__globals__.get(name)
        own = inspect.unwrap(own) if callable(own) and not isinstance(own, type) else None
        for function, holder in ((own, None), (around, first.__globals__)):
            if isinstance(function, FunctionType) and function is not first and beside(function, first):
                yield function, holder


def beside(function: FunctionType, other: FunctionType) -> bool:
    """Whether it is the same people's code."""
    folders = [os.path.dirname(f.__code__.co_filename) for f in (function, other)]
    return folders[0] == folders[1] and function.__code__.co_name == function.__name__


def source(function: FunctionType) -> tuple[ast.FunctionDef | None, int]:
    """A function's tree and first line; none where it can't be had, or may never end when it is edited."""
    try:
        lines, line = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return None, 0
    endless = any(isinstance(part, ast.While | ast.Yield | ast.Await) for part in ast.walk(tree))
    if not isinstance(tree, ast.FunctionDef) or endless:
        return None, 0
    tree.decorator_list = []
    return tree, line


def made_of(tree: ast.FunctionDef, function: FunctionType) -> FunctionType | None:
    """The function of a tree, with the names around it that the other has."""
    code, free = function.__code__, function.__code__.co_freevars
    around = ast.parse("def around(" + ", ".join(free) + "):\n pass").body[0]
    assert isinstance(around, ast.FunctionDef)
    around.body = [tree]
    try:
        whole = compile(ast.fix_missing_locations(ast.Module([around], [])), code.co_filename, "exec")
    except (SyntaxError, ValueError, TypeError):
        return None
    outer = next(const for const in whole.co_consts if isinstance(const, CodeType))
    inner = next(const for const in outer.co_consts if isinstance(const, CodeType))
    cells = dict(zip(free, function.__closure__ or (), strict=True))
    if not set(inner.co_freevars) <= set(cells):
        return None
    closure = tuple(cells[name] for name in inner.co_freevars)
    made = FunctionType(inner, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def alike(name: str, names: Mapping[str, Any]) -> list[str]:
    """The other names of tensors, or of lists and dicts of tensors, of its shape; of no name, all tensors'."""
    if not name:
        return [other for other, value in names.items() if isinstance(value, np.ndarray) and shape(value)]
    kind = shape(names.get(name))
    return [other for other, value in names.items() if kind and other != name and shape(value) == kind]


def shape(value: Any) -> tuple[Any, ...] | None:
    """An array's shape; of a list or dict of arrays its type and that of the last."""
    if isinstance(value, np.ndarray):
        return (value.shape,) if value.dtype.kind == "f" and value.ndim else None
    if isinstance(value, list | tuple | dict) and value:
        last = shape(list(value.values())[-1] if isinstance(value, dict) else value[-1])
        return (type(value), *last) if last else None
    return None
