"""The 8x8 digits that come with the package (UCI, Optical Recognition of Handwritten Digits, CC BY 4.0)."""

from __future__ import annotations

import numpy as np

from mtorch.layers.base import Array

TEST_SIZE = 360


def load_digits() -> dict[str, Array]:
    """1,797 digits, as mnist's keys: images (n, 8, 8) uint8 in 0..16, labels (n) uint8; the last 360 are the test set.

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, 1998, doi:10.24432/C50P49; the copy (its test part) is scikit-learn's.
    """
    from importlib.resources import files

    with files("mtorch.data").joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"]
    return {
        "train_images": images[:-TEST_SIZE],
        "train_labels": labels[:-TEST_SIZE],
        "test_images": images[-TEST_SIZE:],
        "test_labels": labels[-TEST_SIZE:],
    }
