"""What a goal is."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.measure import Measured


@dataclass(frozen=True)
class Goal:
    """A ratio that is to be at most `goal`; measured only where the package that it `needs` is installed."""

    name: str
    goal: float
    measure: Callable[[], Measured]
    needs: str = ""

    def possible(self) -> bool:
        return not self.needs or importlib.util.find_spec(self.needs) is not None
