"""Goals of recordings: what recording costs, what a file weighs, and how fast any moment is there again."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mtorch import Training
from mtorch.debug.events import Trace
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session
from mtorch.debug.tracer import trace
from tests.bench.framework import digits, sine
from tests.bench.goals import Goal
from tests.bench.measure import Measured, interleaved, repeated

LONG = 100_000
"""Iterations of the run that is jumped about in."""

JUMPS = 200


def recording(make: Callable[[], Training], times: int, **options: Any) -> Measured:
    """A run that is recorded, against one that isn't."""
    with tempfile.TemporaryDirectory() as folder, Writer(Path(folder) / "a.mtr", {}) as writer:
        recorder, plain = Recorder(make(), writer, **options), make()
        stops = itertools.count(times, times)
        return interleaved(lambda: recorder.run(next(stops)), repeated(plain.step, times))


def fingerprint(found: Trace) -> list[bytes]:
    return [array.tobytes() for event in found.events for array in event.tensors.values()]


def long_run() -> tuple[Measured, Measured]:
    """Of a recording of 100,000 iterations: the slowest of a hundred jumps as a share of training anew, and its size
    as a share of all tensors of all events. Each jump is to an iteration drawn at random, and compared bit by bit.
    """
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, LONG, JUMPS)
    straight, expected = digits(), {}
    began, tracing = time.perf_counter(), 0.0
    for iteration in range(LONG):
        if iteration in chosen:
            start = time.perf_counter()
            expected[iteration] = fingerprint(trace(straight, iteration))
            tracing += time.perf_counter() - start
        else:
            straight.step(iteration)
    training = time.perf_counter() - began - tracing
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mtr"
        with Writer(path, {}) as writer:
            Recorder(digits(), writer).run(LONG)
        found = Recording(path)
        session, taken = Session(digits(), budget=1, store=found), []
        for iteration in chosen:
            start = time.perf_counter()
            there = session.trace(int(iteration))
            taken.append(time.perf_counter() - start)
            assert fingerprint(there) == expected[int(iteration)], f"iteration {iteration} came out otherwise"
        slow = float(np.quantile(taken, 0.99))
        naive = LONG * sum(map(len, expected[int(chosen[0])]))
        size = path.stat().st_size
        words = f"p99 {slow * 1e3:.3g} ms, median {np.median(taken) * 1e3:.3g} ms / {training:.3g} s; all bit-exact"
        weight = f"{size / 1e6:.3g} MB / {naive / 1e9:.3g} GB, {len(found.checkpoints)} checkpoints"
        found.close()
    return Measured(slow / training, slow, training, words), Measured(size / naive, size, naive, weight)


_long: list[tuple[Measured, Measured]] = []


def of_long_run(which: int) -> Measured:
    """Both of its figures come from one run."""
    if not _long:
        _long.append(long_run())
    return _long[0][which]


GOALS = [
    Goal("mnist-mlp recorded, every 256 / not", 1.05, partial(recording, digits, 1024, every=256, norms=False)),
    Goal("mnist-mlp recorded, every 64 with norms / not", 1.2, partial(recording, digits, 512, every=64)),
    Goal("rnn 50 steps recorded / not", 1.03, partial(recording, partial(sine, 50), 64, every=64, norms=False)),
    Goal("rnn 50 steps recorded with norms / not", 1.03, partial(recording, partial(sine, 50), 64)),
    Goal("jump in 100,000 iterations (p99) / training anew", 1 / 500, partial(of_long_run, 0)),
    Goal("recording of 100,000 iterations / all tensors", 1 / 300, partial(of_long_run, 1)),
]
