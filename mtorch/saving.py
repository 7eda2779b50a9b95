"""Saving: state_dicts in files, without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mtorch.errors import DataError
from mtorch.layers.base import Array

if TYPE_CHECKING:
    from pathlib import Path


def save(state: Mapping[str, Array], path: str | Path) -> None:
    """Write a state_dict to a .npz file, whole or not at all: an older file stays until the new one is complete."""
    from pathlib import Path

    path = Path(path)
    half = path.with_name(f"{path.name}.part")
    try:
        with half.open("wb") as file:
            np.savez(file, **state)  # type: ignore[arg-type]
        half.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        half.unlink(missing_ok=True)


def load(path: str | Path) -> dict[str, Array]:
    """The state_dict in a file. Runs no code, whoever made it. Raises DataError for a file that is not one."""
    from zipfile import BadZipFile

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, AttributeError, EOFError, BadZipFile) as error:
        raise DataError(f"{path}: expected a state_dict as mtorch.save writes it: {error}") from None
