"""Arguments: what a call's arguments are called, and which of them are what."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from mtorch.debug.strangers.leaves import Hole
from mtorch.debug.strangers.pairs import Pair
from mtorch.layers.base import Array


def walk(value: Any, steps: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """What is in nested tuples, lists and dicts, and these themselves, each with the way to it."""
    yield value, steps
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, (*steps, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from walk(inner, (*steps, number))


def parts_of(value: Any) -> Iterator[Any]:
    return (part for part, _ in walk(value, ()) if not simple(part))


def identities(value: Any) -> dict[int, int | None]:
    """What there is in a call's arguments, by id: the numbers of arrays of floats, None for all else."""
    found: dict[int, int | None] = {}
    number = 0
    for part, _ in walk(value, ()):
        if isinstance(part, np.ndarray) and part.dtype.kind in "fc":
            found[id(part)] = number
            number += 1
        elif not simple(part):
            found[id(part)] = None
    return found


SIMPLE = (bool, int, float, str, np.generic, type(None))


def simple(value: Any) -> bool:
    """Whether it is a thing of which there may be one for all: its identity tells nothing."""
    return isinstance(value, SIMPLE) or (isinstance(value, tuple) and not value)


def is_gradient(value: Any, scalar: bool) -> bool:
    """Whether it may be the gradient of an output, or of a `scalar` one: for which 1 is as good as nothing."""
    if scalar:
        return np.ndim(value) == 0 and isinstance(value, float | np.floating) and value != 1
    return isinstance(value, np.ndarray) and value.dtype.kind in "fi" and value.ndim > 0


def fitting(outputs: list[Array], grads: list[Array]) -> tuple[int, ...] | None:
    """Which outputs the gradients belong to, by their shapes; None where they belong to none."""
    free, found = list(enumerate(outputs)), []
    for grad in grads:
        number = next((n for n, output in free if output.shape == grad.shape), None)
        if number is None:
            return None
        free = [pair for pair in free if pair[0] != number]
        found.append(number)
    return tuple(found)


def argument_names(target: Any, method: str, args: tuple[Any, ...]) -> list[str]:
    """What the positional arguments are called in the method's own signature."""
    found = signature_of(target, method)
    names = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [p.name for p in found if p.kind is p.VAR_POSITIONAL] * len(args)
    return [names[n] if n < len(names) else f"argument{n}" for n in range(len(args))]


def defaults(target: Any, method: str) -> dict[str, Any]:
    """What a method takes for arguments that it is not given."""
    return {p.name: p.default for p in signature_of(target, method) if p.default is not p.empty}


def signature_of(target: Any, method: str) -> tuple[inspect.Parameter, ...]:
    """The parameters of an object's method, without `self`; none where they can't be told."""
    if isinstance(target, Pair):
        return parameters_of(target.functions[method])
    found = getattr(target, method)
    if isinstance(found, MethodType) and isinstance(found.__func__, FunctionType):
        own = parameters_of_function(found.__func__)
        return own[1:] if own and own[0].kind is not inspect.Parameter.VAR_POSITIONAL else own
    return parameters_of(found)


@lru_cache(1024)
def parameters_of_function(function: FunctionType) -> tuple[inspect.Parameter, ...]:
    return parameters_of(function)


def parameters_of(function: Any) -> tuple[inspect.Parameter, ...]:
    try:
        return tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return ()


def required(target: Any, method: str) -> int:
    """How many arguments a method must be given."""
    found = signature_of(target, method)
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in found)


def named_leaves(target: Any, method: str, template: Any) -> list[str]:
    """A name for each array of floats that a call was given, by what `emptied` has made of its arguments."""
    args, kwargs = template
    found: list[str] = []
    for name, value in [*zip(argument_names(target, method, args), args, strict=True), *kwargs.items()]:
        inner = [steps for part, steps in walk(value, ()) if isinstance(part, Hole)]
        found += [name + "".join(f"[{step}]" for step in steps) for steps in inner]
    return [n if found.count(n) == 1 else f"{n}{i}" for i, n in enumerate(found)]


def is_method(cls: type, name: str) -> bool:
    base = home(cls, name)
    return base is not None and isinstance(base.__dict__[name], FunctionType)


def home(cls: type, name: str) -> type | None:
    """The class, of it and its bases, that a name is defined in."""
    return next((base for base in cls.__mro__ if name in base.__dict__), None)
