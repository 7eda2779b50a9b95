"""The idx format of MNIST's files, plain or gzipped (magic: two zero bytes, type, number of axes)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from mtorch.errors import DataError
from mtorch.layers.base import Array

if TYPE_CHECKING:  # imported where they are used: most networks read no file
    from pathlib import Path

LONGEST_HEADER = 4 + 4 * 255
PIECE = 1 << 20
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MNIST = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def read_idx(path: str | Path, ndim: int | None = None) -> Array:
    """The array in an idx file. Raises DataError for a file that is missing, cut short, or no idx file."""
    import gzip
    import zlib
    from pathlib import Path

    path = Path(path)
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            file: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            return parse(path, file, ndim)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None


def parse(path: Path, file: IO[bytes], ndim: int | None) -> Array:
    """The array in an open file, of which no more is read than its header promises, and a byte."""
    content = file.read(LONGEST_HEADER)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise DataError(f"{path}: expected an idx file (00 00, a type, a number of axes), got {content[:4].hex(' ')!r}")
    axes = content[3]
    if ndim is not None and axes != ndim:
        raise DataError(f"{path}: expected an idx file with {ndim} axes, got {axes}")
    head = 4 + 4 * axes
    if len(content) < head:
        raise DataError(f"{path}: expected a header of {head} bytes, got {len(content)}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, 4))
    dtype = np.dtype(TYPES[content[2]])
    expected = head + math.prod(shape) * dtype.itemsize
    content = b"".join((content, *pieces(file, expected + 1 - len(content))))
    if len(content) != expected:
        more = " or more" if len(content) > expected else ""
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}, got {len(content)}{more}")
    return np.frombuffer(content, dtype, offset=head).reshape(shape).astype(dtype.newbyteorder("="))


def pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Up to that many bytes, a piece at a time: a header may promise more than there is memory."""
    while size > 0 and (piece := file.read(min(size, PIECE))):
        yield piece
        size -= len(piece)


def read_mnist(folder: str | Path) -> dict[str, Array]:
    """MNIST's four files, plain or .gz: images (n, 28, 28) and labels (n), both uint8."""
    from pathlib import Path

    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: expected a folder with MNIST's four idx files, got {'a file' if folder.exists() else 'nothing'}"
        )
    arrays = {}
    for key, name in MNIST.items():
        path = folder / name
        if not path.exists():
            path = folder / f"{name}.gz"
        if not path.exists():
            raise DataError(f"{folder}: expected {name} or {name}.gz in it, found neither")
        arrays[key] = read_idx(path, 3 if "images" in key else 1)
        if not len(arrays[key]):
            raise DataError(f"{path}: expected at least one item, got shape {arrays[key].shape}")
        if "labels" in key and arrays[key].size and arrays[key].max() > 9:
            raise DataError(f"{path}: expected labels in 0..9, got {arrays[key].max()}")
    for part in ("train", "test"):
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if len(images) != len(labels):
            raise DataError(f"{folder}: expected as many {part} labels as images ({len(images)}), got {len(labels)}")
        if images.shape[1:] != (28, 28):
            raise DataError(f"{folder}: expected {part} images of 28x28, got {images.shape[1]}x{images.shape[2]}")
    return arrays
