"""Thresholds: where each rule of health begins to speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from mtorch.errors import MtorchError, unknown

WINDOW = 10
"""Iterations that the rules look at together."""
LEAST = 5
"""Iterations below which nothing is said of how a training goes on."""


@dataclass(frozen=True)
class Thresholds:
    """The defaults, each with its source where a rule says so; a scenario may set some."""

    vanishing_mean: float = 1e-7
    vanishing_ratio: float = 1e-3
    vanishing_norm: float = 1e-4
    exploding_ratio: float = 70.0
    exploding_norm: float = 1e4
    dead_share: float = 0.7
    saturated_reach: float = 0.95
    saturated_share: float = 0.5
    update_low: float = 1e-4
    update_high: float = 1.0
    flat_share: float = 1e-3
    diverging_factor: float = 2.0
    initial_above: float = 1.0
    initial_below: float = 0.5
    input_mean: float = 0.2
    input_bound: float = 1.0
    input_spread: float = 10.0
    imbalance: float = 10.0

    @classmethod
    def of(cls, some: Mapping[str, float]) -> Thresholds:
        """The defaults with some set otherwise. Raises MtorchError for a name that is none of them."""
        known = [field.name for field in fields(cls)]
        for name in some:
            if name not in known:
                raise MtorchError(unknown("threshold", name, known))
        return replace(cls(), **some)
