"""Small recordings for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import scenarios
from mtorch import Training
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer

SMALLEST = {"hidden": 4, "seq": 3, "batch": 4}


def build(name: str = "rnn-sin-cos") -> Training:
    return scenarios.find(name).build(settings=SMALLEST if name.startswith("rnn-sin-cos") else {})


def recorded(path: Path, iterations: int = 40, name: str = "rnn-sin-cos", **options: Any) -> Recording:
    with Writer(path, {"seed": 0}) as writer:
        Recorder(build(name), writer, **{"every": 8, **options}).run(iterations)
    return Recording(path)
