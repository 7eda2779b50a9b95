"""mtorch against PyTorch, where it is installed, on other numbers than golden.npz has."""

from __future__ import annotations

import pytest

from cases import CASES, compare
from kinds import Case

pytest.importorskip("torch")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mtorch_agrees_with_pytorch(case: Case) -> None:
    from make import golden

    compare(case, golden(case, seed=1))
