from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mtorch.data import read_idx, read_mnist
from mtorch.data.idx import MNIST, TYPES
from mtorch.errors import DataError

CODES = {np.dtype(name): code for code, name in TYPES.items()}


def idx(array: np.ndarray) -> bytes:
    dtype = array.dtype.newbyteorder(">")
    return struct.pack(f">HBB{array.ndim}I", 0, CODES[dtype], array.ndim, *array.shape) + array.astype(dtype).tobytes()


def write_mnist(folder: Path, count: int = 3, **changed: np.ndarray) -> Path:
    arrays = {
        "train_images": np.zeros((count, 28, 28), np.uint8),
        "train_labels": np.arange(count).astype(np.uint8),
        "test_images": np.zeros((count, 28, 28), np.uint8),
        "test_labels": np.zeros(count, np.uint8),
    } | changed
    for key, array in arrays.items():
        (folder / MNIST[key]).write_bytes(idx(array))
    return folder


@given(
    st.sampled_from(sorted(TYPES.values())).flatmap(
        lambda name: hnp.arrays(np.dtype(name), hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    ),
    st.booleans(),
)
def test_what_is_written_is_read_plain_and_gzipped(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, gzipped: bool
) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(idx(array)) if gzipped else idx(array))
    read = read_idx(path)
    np.testing.assert_array_equal(read, array)
    assert read.dtype.isnative


GOOD = idx(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD[:-1], "expected 18 bytes for shape (2, 3), got 17"),
        (GOOD + b"x", "expected 18 bytes for shape (2, 3), got 19"),
        (GOOD[:7], "expected a header of 12 bytes, got 7"),
        (b"", "expected an idx file"),
        (b"\x89PNG....", "expected an idx file"),
        (b"\0\0\x07\1\0\0\0\1x", "expected an idx file"),
        (gzip.compress(GOOD, mtime=0)[:-9], "cannot be read"),
        (gzip.compress(GOOD, mtime=0)[:12] + b"garbage" * 9, "cannot be read"),
        (struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3), "bytes for shape"),
    ],
)
def test_a_damaged_file_is_named_with_what_was_expected(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad-idx"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_idx(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none: no such file"):
        read_idx(tmp_path / "none")


def test_mnist_s_four_files_are_found_gzipped_as_well(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    plain = tmp_path / MNIST["test_images"]
    (tmp_path / f"{plain.name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert read_mnist(tmp_path)["test_images"].shape == (3, 28, 28)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"train_labels": np.zeros((3, 28, 28), np.uint8)}, "expected an idx file with 1 axes, got 3"),
        ({"train_images": np.zeros(3, np.uint8)}, "expected an idx file with 3 axes, got 1"),
        ({"test_labels": np.full(3, 10, np.uint8)}, "expected labels in 0..9, got 10"),
        ({"test_labels": np.zeros(4, np.uint8)}, "expected as many test labels as images (3), got 4"),
        ({"train_images": np.zeros((3, 8, 8), np.uint8)}, "expected train images of 28x28, got 8x8"),
    ],
)
def test_mislabelled_files_are_named(tmp_path: Path, changed: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(DataError) as error:
        read_mnist(write_mnist(tmp_path, **changed))
    assert said in str(error.value)


def test_a_missing_one_of_the_four_is_named(tmp_path: Path) -> None:
    (write_mnist(tmp_path) / MNIST["test_labels"]).unlink()
    with pytest.raises(DataError, match="expected t10k-labels-idx1-ubyte or t10k"):
        read_mnist(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="expected a folder"):
        read_mnist(tmp_path / name)


def test_the_real_mnist(mnist: Path) -> None:
    arrays = read_mnist(mnist)
    assert {key: array.shape for key, array in arrays.items()} == {
        "train_images": (60000, 28, 28),
        "train_labels": (60000,),
        "test_images": (10000, 28, 28),
        "test_labels": (10000,),
    }
    # Counts as LeCun's page and every later description give them.
    assert np.bincount(arrays["train_labels"]).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


@pytest.mark.parametrize("key", sorted(MNIST))
def test_files_without_an_item_are_named(tmp_path: Path, key: str) -> None:
    empty = np.zeros((0, 28, 28) if "images" in key else (0,), np.uint8)
    with pytest.raises(DataError, match=f"{MNIST[key]}: expected at least one item"):
        read_mnist(write_mnist(tmp_path, **{key: empty}))


def test_no_more_is_unpacked_than_the_header_promises(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(GOOD + bytes(100_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"expected 18 bytes for shape \(2, 3\), got 1024 or more"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
