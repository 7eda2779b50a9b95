"""mtorch against what PyTorch made of the same numbers, stored in golden.npz."""

from __future__ import annotations

import inspect
from types import ModuleType

import numpy as np
import pytest

from cases import CASES, compare, stored
from kinds import Case
from mtorch import layers, losses, optimizers, schedules

GOLDEN = stored()
BASES = {"Layer", "Activation", "Loss", "LossFunction", "Optimizer"}
WITHOUT = {"Dropout", "Linear2", "Linear3"}
"""Dropout's numbers are random; the other two are Linear but for a check of the shape."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mtorch_agrees_with_pytorch(case: Case) -> None:
    compare(case, GOLDEN[case.name])


def own(module: ModuleType) -> set[str]:
    """The public classes and functions that a module defines."""
    found = vars(module).items()
    return {
        name
        for name, value in found
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def test_nothing_public_is_without_a_case() -> None:
    public = set(layers.__all__) | own(losses) | own(optimizers) | own(schedules)
    assert public - BASES - WITHOUT == {case.kind for case in CASES}


def test_the_file_holds_the_cases_and_no_others() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert GOLDEN.keys() - {"torch"} == set(names)


def test_dropout_scales_what_it_keeps_as_pytorch_does() -> None:
    dropout, ones = layers.Dropout(0.2), np.ones((100, 100))
    out = dropout(ones)
    assert set(np.unique(out)) == {0, 1 / (1 - 0.2)}
    assert out.mean() == pytest.approx(1, abs=0.03)
    np.testing.assert_array_equal(dropout.backward(ones), out)
    dropout.eval()
    np.testing.assert_array_equal(dropout(ones), ones)
