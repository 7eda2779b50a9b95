"""What is said of a tensor's numbers, of large tensors without looking at each of them twice."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tui.viewmodels import statistics as module
from tui.viewmodels.extent import SAMPLE, extent, sample
from tui.viewmodels.once import once
from tui.viewmodels.statistics import statistics


@given(hnp.arrays(np.float32, hnp.array_shapes(max_side=4), elements=st.floats(width=32)))
def test_the_extent_is_that_of_the_finite_numbers(array: np.ndarray) -> None:
    found, finite = extent(array), array[np.isfinite(array)]
    assert (found.finite, found.nans) == (finite.size, np.isnan(array).sum())
    assert (found.low, found.high) == ((finite.min(), finite.max()) if finite.size else (0.0, 0.0))


def test_of_a_large_tensor_the_range_and_what_is_not_finite_are_exact_and_the_rest_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LARGE", 1000)
    array = np.zeros((512, 1024), dtype=np.float32)
    array[:, ::2] = 1.0
    array[3, 5], array[7, 9], array[100, 1], array[100, 2] = -7.0, 9.0, np.nan, np.inf
    said = "512x1024 float32 · 1 NaN, 1 Inf of 524288 · -7…9 · mean ≈0.5 · std ≈0.5 · ≈50% zero"
    assert statistics(array) == said
    assert "≈" not in statistics(np.ones((30, 30)))


@pytest.mark.parametrize("shape", [(4096, 1024), (1000, 1000), (3, 5), (1 << 18,)])
def test_a_sample_has_all_columns_alike(shape: tuple[int, ...]) -> None:
    columns = np.broadcast_to(np.arange(shape[-1]), shape)
    seen = sample(columns)
    assert min(columns.size, SAMPLE // 2) <= seen.size <= SAMPLE
    if len(shape) == 2:
        counts = np.bincount(seen)
        assert len(counts) == shape[-1] and np.ptp(counts) <= 1


def test_what_was_computed_once_is_remembered_as_long_as_its_subject_is_there() -> None:
    calls = []

    def size(array: np.ndarray) -> int:
        calls.append(array.shape)
        return array.size

    remembered = once(size, most=2)
    one, two, three = np.zeros(1), np.zeros(2), np.zeros(3)
    assert [remembered(array) for array in (one, one, two, three, three)] == [1, 1, 2, 3, 3]
    assert calls == [(1,), (2,), (3,)], "each once"
    assert remembered(one) == 1 and len(calls) == 4, "it was forgotten for the third"
    del one
    gc.collect()
    assert remembered(np.zeros(7)) == 7, "even if it has the place in memory of one that is gone"


def test_several_threads_may_ask() -> None:
    remembered, arrays = once(np.size, most=4), [np.zeros(size) for size in range(20)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = [pool.submit(lambda: [remembered(array) for array in arrays * 200]) for _ in range(4)]
        assert all(future.result() == [*range(20)] * 200 for future in found)
    finally:
        sys.setswitchinterval(interval)
