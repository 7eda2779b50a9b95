from __future__ import annotations

import numpy as np
import pytest

from mtorch import DataLoader, MtorchError
from mtorch.data import SineCosine, load_digits


def loader(batch_size: int = 4, seed: int = 0, **options: bool) -> DataLoader:
    return DataLoader(np.arange(18), np.arange(18) * 2, batch_size, seed=seed, **options)


def test_iterating_gives_the_batches_by_number_epoch_after_epoch() -> None:
    numbered = [loader().batch(n)[0].tolist() for n in range(8)]
    data = loader()
    assert [x.tolist() for x, _ in data] + [x.tolist() for x, _ in data] == numbered


def test_a_batch_is_found_without_the_ones_before() -> None:
    np.testing.assert_array_equal(loader().batch(1001)[0], loader().batch(1001)[0])


def test_an_epoch_shows_each_sample_at_most_once_and_leaves_a_short_batch_out() -> None:
    shown = np.concatenate([x for x, _ in loader()])
    assert len(shown) == len(set(shown.tolist())) == 16


def test_inputs_and_targets_stay_together() -> None:
    for x, y in loader():
        np.testing.assert_array_equal(y, 2 * x)


def test_epochs_and_seeds_differ_in_order() -> None:
    orders = [loader(seed=seed).order(epoch).tolist() for seed in (0, 1) for epoch in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4


def test_without_shuffle_the_order_is_that_of_the_data() -> None:
    np.testing.assert_array_equal(loader(shuffle=False).batch(1)[0], [4, 5, 6, 7])


@pytest.mark.parametrize("batch_size", [0, -1, 19])
def test_a_batch_size_that_gives_no_batch_is_refused(batch_size: int) -> None:
    with pytest.raises(MtorchError, match=rf"batch_size in 1\.\.18, got {batch_size}"):
        loader(batch_size)


def test_targets_of_another_number_are_refused() -> None:
    with pytest.raises(MtorchError, match=r"as many targets as inputs \(3\), got 4"):
        DataLoader(np.zeros(3), np.zeros(4), 1)


def test_waves_are_a_sine_and_its_cosine_from_a_random_phase() -> None:
    (h0, x), target = SineCosine(batch=5, seq=7, hidden=3).batch(4)
    assert (h0.shape, x.shape, target.shape) == ((5, 3), (7, 5, 1), (7, 5, 1))
    np.testing.assert_allclose(x**2 + target**2, 1, atol=1e-6)
    assert np.ptp(x[0]) > 0.1


def test_a_batch_of_waves_is_found_by_number_and_seed() -> None:
    first = [SineCosine(seed=seed).batch(number)[0][1] for seed, number in ((0, 9), (0, 9), (0, 10), (1, 9))]
    np.testing.assert_array_equal(first[0], first[1])
    assert not np.array_equal(first[0], first[2])
    assert not np.array_equal(first[0], first[3])


def test_the_bundled_digits() -> None:
    digits = load_digits()
    assert digits["train_images"].shape == (1437, 8, 8)
    assert digits["test_images"].shape == (360, 8, 8)
    assert digits["train_images"].max() == 16
    assert np.bincount(digits["train_labels"]).min() > 130
