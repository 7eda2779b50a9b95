"""Tensors as text and as arrays, with all their digits."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping

import numpy as np

from mtorch.layers.base import Array
from tui.viewmodels.kinds import is_complex, is_real


def csv_lines(array: Array, right: Array | None = None) -> Iterator[str]:
    """A tensor of any rank: columns are its last axis, and of more than two axes the indices of all but the last come
    first, as i0, i1 … Where the `right` numbers are known, every column is double. Numbers have as many digits as tell
    them from their neighbours.
    """
    matrix = array.reshape(-1, array.shape[-1]) if array.ndim and array.size else array.reshape(-1, 1)
    beside = None if right is None or right.shape != array.shape else right.reshape(matrix.shape)
    leading = array.shape[:-1] if array.ndim > 2 else ()
    word = str if is_real(array) or is_complex(array) else field
    titles = [f"i{axis}" for axis in range(len(leading))]
    for column in range(matrix.shape[1] if array.size else 0):
        titles += [str(column)] if beside is None else [f"{column} recorded", f"{column} right"]
    yield ",".join(titles)
    for number, row in enumerate(matrix):
        index = np.unravel_index(number, leading) if leading else ()
        cells = row if beside is None else [x for pair in zip(row, beside[number], strict=True) for x in pair]
        yield ",".join([*map(str, index), *map(word, cells)])


def field(value: object) -> str:
    """In quotes where it is a word that csv would take for something else."""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def npz(tensors: Mapping[str, Array], address: str) -> bytes:
    """All tensors as numpy's zip of arrays, which needs no pickle to be read.

    Names are made safe, as they may be anything; the arrays `names` and `keys` have the original and the safe one of
    each, `address` the event's.
    """
    keys: dict[str, str] = {}
    for name in tensors:
        safe = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "tensor"
        taken = {"names", "keys", "address", *keys.values()}
        keys[name] = next(key for n in range(len(tensors) + 4) if (key := safe + (f"_{n}" if n else "")) not in taken)
    made = {keys[name]: array for name, array in tensors.items()}
    made |= {"names": np.array(list(keys), dtype=str), "keys": np.array(list(keys.values()), dtype=str)}
    made["address"] = np.array(address)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in made.items():
            part = io.BytesIO()
            np.lib.format.write_array(
                part, array.astype(str) if array.dtype.kind == "O" else np.asanyarray(array), allow_pickle=False
            )
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), part.getvalue(), zipfile.ZIP_DEFLATED)
    return file.getvalue()
