"""What a scenario is: a name, a line about it, its settings, and how to build its training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtorch import Training
from mtorch.errors import ScenarioError

Settings = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """`make(seed, data, **settings)` builds the training; `settings` are the defaults that --set changes.

    `expected` is None for a healthy scenario, else the list of {"cause", "path", "tensor", "t"} that
    the check is to find. `takes_data` says that `data`, a folder, means something to it.
    `thresholds` are those of the rules of health that it needs otherwise, by name.
    """

    name: str
    summary: str
    make: Callable[..., Training]
    settings: Settings = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    expected: tuple[dict[str, Any], ...] | None = None
    epochs: int = 10
    takes_data: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def build(self, seed: int = 0, data: Path | None = None, settings: Settings | None = None) -> Training:
        return self.make(seed, data, **{**self.settings, **(settings or {})})

    def parse(self, assignments: tuple[str, ...]) -> Settings:
        """The settings in words such as "hidden=16". Raises ScenarioError that names the culprit."""
        parsed: Settings = {}
        for words in assignments:
            key, equals, text = words.partition("=")
            if not equals or key not in self.settings:
                known = ", ".join(f"{k}={v}" for k, v in self.settings.items()) or "none"
                wrong = f"no setting {key}" if equals and key else "expected key=value"
                raise ScenarioError(f"--set {words}: {wrong}; {self.name} has {known}")
            if key in parsed:
                raise ScenarioError(f"--set {words}: expected {key} once, got it again")
            kind = type(self.settings[key])
            try:
                if not text.isascii():
                    raise ValueError
                value = kind(text)
            except ValueError:
                raise ScenarioError(f"--set {words}: expected {kind.__name__} for {key}, got {text!r}") from None
            if not 0 < value < float("inf"):
                raise ScenarioError(f"--set {words}: expected a positive number for {key}, got {text}")
            parsed[key] = value
        return parsed
