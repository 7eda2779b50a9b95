"""Twins: copies of layers, to try things on."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

import numpy as np

from mtorch.layers.base import Gradients, Layer
from mtorch.naming import paths

OWN = ("mtorch.layers.", "mtorch.losses", "mtorch.debug.tracer")
"""The modules of layers and losses, and of what makes a layer of a loss."""

SHARED = frozenset((np.ndarray, int, float, bool, str, type(None)))
"""Types of what copies can have in common."""


def twin(layer: Any) -> Any:
    """A copy of a layer as it is before a call.

    Without what other calls have saved: that is no part of what this one computes, and would add up to T squared.
    """
    return copied(layer, {id(inner.saved): [] for _, inner in paths(layer)})


def spare(layer: Any) -> Any:
    """A twin to make a call with. Of an `own` layer it shares the arrays, as mtorch never changes one in place."""
    return sharing(layer) if own(layer) else twin(layer)


def ready(layer: Any) -> Any:
    """A copy of a layer to make its next backward with.

    A single layer of mtorch's takes what it saved last: a copy of what all its calls have saved, for each of them,
    would add up to T squared.
    """
    backward = getattr(type(layer), "backward", None)
    single = own(layer) and "backward" not in vars(layer) and not any(layer.children())
    if not single or not getattr(backward, "__module__", "").startswith("mtorch."):
        return copied(layer)
    found = sharing(layer)
    found.saved = layer.saved[-1:]
    return found


def own(layer: Any) -> bool:
    """Whether a layer is all mtorch's: its class and forward, those of the layers inside, and of a loss it holds."""
    seen: set[int] = set()
    parts = [layer]
    while parts:
        part = parts.pop()
        if id(part) in seen:
            continue
        if not framework(part) or not framework(vars(part).get("loss", part)):
            return False
        seen.add(id(part))
        parts.extend(part.children())
    return True


def framework(part: Any) -> bool:
    """Whether a layer or loss is of a class of mtorch's, with the forward that it has there."""
    cls = type(part)
    forward = getattr(cls, "forward", cls)  # a loss has none
    return cls.__module__.startswith(OWN) and forward.__module__.startswith("mtorch.") and "forward" not in vars(part)


def sharing(layer: Any) -> Any:
    """A twin of an `own` layer that shares its arrays, as mtorch never changes one in place."""
    known: dict[int, Any] = {}

    def copied(value: Any) -> Any:
        kind = type(value)
        if kind in (dict, Gradients):
            if SHARED.issuperset(map(type, value.values())):
                return kind(value)
            return kind((name, copied(part)) for name, part in value.items())
        if kind in (list, tuple):
            return kind([copied(part) for part in value])
        if not isinstance(value, Layer):
            return value
        if id(value) not in known:
            known[id(value)] = found = object.__new__(kind)
            own = {name: p if type(p) in SHARED else copied(p) for name, p in vars(value).items() if name != "saved"}
            found.__dict__ = {**own, "saved": []}
        return known[id(value)]

    return copied(layer)


def copied(layer: Any, memo: dict[int, Any] | None = None) -> Any:
    """A deep copy, but for modules that an attribute holds (such as xp = numpy), which can't be copied."""
    if (own := type(layer).__dict__.get("__deepcopy__")) is not None:  # a stranger's layer, which knows how
        return own(layer, memo or {})
    values = (value for _, inner in paths(layer) for value in vars(inner).values())
    return copy.deepcopy(layer, {**(memo or {}), **{id(v): v for v in values if isinstance(v, ModuleType)}})
