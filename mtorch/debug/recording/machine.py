"""The machine: what the last bits of floating-point results depend on besides the program."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from mtorch.training import Training


def machine() -> dict[str, Any]:
    """Versions, processor, and the library behind matrix products with its kernel and threads."""
    from threadpoolctl import threadpool_info

    blas = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.system(),
        "processor": platform.machine(),
        "features": features(),
        "blas": ", ".join(f"{pool.get('internal_api')} {pool.get('version')}" for pool in blas) or "unknown",
        "kernel": ", ".join(str(pool.get("architecture")) for pool in blas) or "unknown",
        "threads": [pool.get("num_threads") for pool in blas],
    }


def features() -> str:
    """The processor's features that numpy found, which its loops are chosen by."""
    try:
        from numpy._core._multiarray_umath import __cpu_features__ as found  # type: ignore[import-not-found,unused-ignore]
    except ImportError:  # numpy 1
        from numpy.core._multiarray_umath import __cpu_features__ as found  # type: ignore[no-redef,unused-ignore]
    return " ".join(sorted(name for name, there in found.items() if there))


def differences(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What another machine than this may explain, in words such as "kernel Haswell there, Zen here"."""
    return [
        f"{key} {_short(recorded.get(key), here[key])} there, {_short(here[key], recorded.get(key))} here"
        for key in here
        if recorded.get(key) != here[key]
    ]


def _short(value: Any, other: Any) -> str:
    """A value; of a list of words only those that the other has not."""
    words = str(value).split()
    if len(words) > 4:
        own = [word for word in words if word not in str(other).split()]
        return "+".join(own) or "nothing more"
    return str(value)


def data_digest(training: Training) -> str:
    """SHA-256 of the data that batches are made of: of all arrays where there are any, else of the first batch."""
    found = hashlib.sha256()
    batches = training.batches
    arrays = [getattr(batches, name, None) for name in ("inputs", "targets")]
    for array in arrays if all(isinstance(a, np.ndarray) for a in arrays) else batches.batch(0):
        _add(found, array)
    return found.hexdigest()


def _add(found: Any, value: Any) -> None:
    if isinstance(value, tuple | list):
        for part in value:
            _add(found, part)
        return
    array = np.ascontiguousarray(value)
    found.update(f"{array.dtype.str} {array.shape}".encode())
    found.update(array.tobytes())
