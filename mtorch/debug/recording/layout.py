"""The layout of a recording: one SQLite file. Arrays are raw little-endian bytes, with dtype and shape beside them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from mtorch.layers.base import Array

APPLICATION_ID = 0x4D545243
SCHEMA = 1
PAGE = 4096
"""Bytes. A blob fills whole pages of its own, so small ones waste least."""

HEAD = 100
"""Bytes of SQLite's own at the start of a file."""

DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
MOST_AXES = 32
LONGEST_VALUE = 10**6
"""Characters of a piece of JSON."""

KINDS = ("position", "breakpoints", "notes", "branches", "branch", "lengths")
"""What a user leaves."""

TABLES = {
    # What made the run, as JSON by name.
    "meta": "name TEXT PRIMARY KEY, value TEXT NOT NULL",
    # A number an iteration, in pieces; `first` is the iteration of a piece's first number.
    "series": "name TEXT, first INTEGER, dtype TEXT, data BLOB, PRIMARY KEY (name, first)",
    # The state at the start of an iteration: `part` is model or optimizer.
    "states": "iteration INTEGER, part TEXT, name TEXT, dtype TEXT, shape TEXT, data BLOB",
    # Whole traces of the iterations that are kept.
    "traces": "iteration INTEGER PRIMARY KEY, loss REAL",
    "events": "iteration INTEGER, number INTEGER, phase TEXT, path TEXT, t INTEGER, label TEXT, depth INTEGER, "
    "parent INTEGER, stop INTEGER, equations TEXT, PRIMARY KEY (iteration, number)",
    "tensors": "iteration INTEGER, event INTEGER, name TEXT, dtype TEXT, shape TEXT, data BLOB",
    # What the user left: JSON by kind, which is one of KINDS.
    "left": "kind TEXT PRIMARY KEY, value TEXT NOT NULL",
}
REPORTS = {
    # What was found where the run was, of a run that can't be run again elsewhere; only there in such a recording.
    "checks": "iteration INTEGER, event INTEGER, path TEXT, t INTEGER, tensor TEXT, relative_error REAL, "
    "tolerance REAL, method TEXT, ok INTEGER",
    "findings": "iteration INTEGER, event INTEGER, value TEXT NOT NULL",
    "numerical": "iteration INTEGER, event INTEGER, name TEXT, dtype TEXT, shape TEXT, data BLOB",
}
INDEXES = {"states_at": "states (iteration)", "tensors_at": "tensors (iteration)"}

STATEMENTS = [f"CREATE TABLE {name} ({columns})" for name, columns in TABLES.items()] + [
    f"CREATE INDEX {name} ON {where}" for name, where in INDEXES.items()
]

REPORT_STATEMENTS = [f"CREATE TABLE {name} ({columns})" for name, columns in REPORTS.items()]


def packed(array: Any) -> tuple[str, str, bytes]:
    """An array as dtype, shape and bytes. Raises ValueError for one that isn't of numbers."""
    array = np.asarray(array)
    little = array.dtype.newbyteorder("<").str
    if little not in DTYPES:
        raise ValueError(f"expected numbers in one of {', '.join(DTYPES)}, got {array.dtype}")
    return little, json.dumps(array.shape), array.astype(little, copy=False).tobytes()


def unpacked(dtype: Any, shape: Any, data: Any) -> Array:
    """The array again, not writable. Raises ValueError where the three don't fit together."""
    if dtype not in DTYPES or not isinstance(data, bytes) or not isinstance(shape, str):
        raise ValueError(f"expected an array's dtype, shape and bytes, got {str(dtype)[:20]!r}, {str(shape)[:40]!r}")
    axes = json.loads(shape) if len(shape) < 1000 else None
    if not isinstance(axes, list) or len(axes) > MOST_AXES or not all(type(n) is int and n >= 0 for n in axes):
        raise ValueError(f"expected a shape, got {shape[:40]!r}")
    if math.prod(axes) * np.dtype(dtype).itemsize != len(data):
        raise ValueError(f"expected {math.prod(axes)} numbers of {dtype}, got {len(data)} bytes")
    return np.frombuffer(data, dtype).reshape(axes)


def is_recording(path: Path) -> bool:
    """Whether a file begins as a recording does. Raises OSError where it can't be read."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return head[:16] == b"SQLite format 3\0" and int.from_bytes(head[68:72], "big") == APPLICATION_ID
