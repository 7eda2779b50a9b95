"""Twins: copies of layers, to try things on."""

from __future__ import annotations

import copy
from typing import Any

from mtorch.naming import paths


def twin(layer: Any) -> Any:
    """A copy of a layer as it is before a call.

    Without what other calls have saved: that is no part of what this one computes, and would add up to T squared.
    """
    return copy.deepcopy(layer, {id(inner.saved): [] for _, inner in paths(layer)})
