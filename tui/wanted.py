"""Wanted: what a command was given to open. Nothing else, as the screen's frame is drawn before that is looked at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Wanted(NamedTuple):
    """A target's name with what goes with it. One that is `recorded` is never run as a file; `memory` is in bytes."""

    name: str
    seed: int | None = None
    assignments: tuple[str, ...] = ()
    data: Path | None = None
    source: Path | None = None
    memory: int | None = None
    recorded: bool = False

    @property
    def scenario(self) -> bool:
        """Whether it can be nothing but a scenario, whose code is ours."""
        return not (self.recorded or self.name.endswith((".py", ".mtr")) or os.path.exists(self.name))
