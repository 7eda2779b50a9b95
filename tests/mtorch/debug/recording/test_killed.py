"""A recorder that is killed at any moment leaves a file in which all that was committed can be read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from mtorch.debug.recording.reader import Recording
from tests.mtorch.debug.recording.made import build, recorded

PROGRAM = """
import sys
import tests.mtorch.debug.recording.made as t
from mtorch.debug.recording import recorder
recorder.PIECE = 16
with t.Writer(sys.argv[1], {"seed": 0}) as writer:
    run = recorder.Recorder(t.build(), writer, every=4)
    for stop in range(3, 100000, 7):
        run.run(stop)
        print(run.at, flush=True)  # all up to here is committed
"""
MOMENTS = int(os.environ.get("MTORCH_KILLS", "4"))


def test_a_recorder_that_is_killed_leaves_all_that_was_committed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    straight = recorded(tmp_path / "straight.mtr", 1000)
    root = Path(__file__).parents[4]
    for moment in range(MOMENTS):
        path = tmp_path / f"{moment}.mtr"
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(path)],
            cwd=root,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": "."},
        )
        assert process.stdout is not None
        for _ in range(int(rng.integers(1, 100))):
            told = int(process.stdout.readline())
        # Somewhere in what comes next: not at a moment that the program chooses.
        for _ in range(int(rng.integers(0, 20000))):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = Recording(path)
        assert len(found.losses) >= told
        assert found.losses[:1000] == straight.losses[: len(found.losses)]
        for checkpoint in found.checkpoints:
            assert found.state(checkpoint).model.keys() == build().state().model.keys()
        assert found.checkpoints == tuple(range(0, len(found.losses) + 1, 4))
        found.close()
