from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("mtorch", deadline=None, derandomize=True)
settings.load_profile("mtorch")


def pytest_collection_finish() -> None:
    """All that was imported stays: to look through it for garbage, as often as Python does, is a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def mnist() -> Path:
    """The folder with MNIST's four idx files; tests that need it are skipped where it isn't."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST's files are not here")
    return folder
