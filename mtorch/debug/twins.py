"""Twins: copies of layers, to try things on."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

from mtorch.naming import paths


def twin(layer: Any) -> Any:
    """A copy of a layer as it is before a call.

    Without what other calls have saved: that is no part of what this one computes, and would add up to T squared.
    """
    return copied(layer, {id(inner.saved): [] for _, inner in paths(layer)})


def own(layer: Any) -> bool:
    """Whether a layer's forward is all mtorch's: its own, those of the layers inside, and of a loss that it holds."""
    parts = [part for _, inner in paths(layer) for part in (inner, getattr(inner, "loss", None)) if part is not None]
    return all(
        type(part).__module__.startswith("mtorch.")
        and getattr(type(part), "forward", type(part)).__module__.startswith("mtorch.")
        and "forward" not in vars(part)
        for part in parts
    )


def harmless(layer: Any) -> bool:
    """Whether a call can do no harm to what it is given: of a layer that is all mtorch's own, with none inside."""
    return type(layer).__module__.startswith("mtorch.layers.") and next(layer.children(), None) is None


def shallow(layer: Any) -> Any:
    """A copy of a harmless layer, for one call. It shares the arrays, which are never changed in place."""
    shared = copy.copy(layer)
    shared.saved, shared.buffers = [], dict(layer.buffers)
    return shared


def copied(layer: Any, memo: dict[int, Any] | None = None) -> Any:
    """A deep copy, but for modules that an attribute holds (such as xp = numpy), which can't be copied."""
    values = (value for _, inner in paths(layer) for value in vars(inner).values())
    return copy.deepcopy(layer, {**(memo or {}), **{id(v): v for v in values if isinstance(v, ModuleType)}})
