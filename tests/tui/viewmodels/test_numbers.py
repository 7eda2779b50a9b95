from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.viewmodels.numbers import WIDTH, cell, shape


@given(st.floats(width=32) | st.floats() | st.integers() | st.booleans())
def test_no_number_is_wider_than_a_cell(value: float) -> None:
    assert 1 <= len(cell(value)) <= WIDTH


@given(st.floats(allow_nan=False, allow_infinity=False).filter(bool))
def test_the_sign_is_always_there(value: float) -> None:
    assert cell(value)[0] == ("+" if value > 0 else "-")


@given(st.floats(1e-300, 1e300))
def test_what_is_printed_is_near_the_number(value: float) -> None:
    digits = 2 if abs(np.log10(value)) >= 99 else 3
    assert float(cell(value)) == pytest.approx(value, rel=6 * 10.0**-digits)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, "?NaN"),
        (np.inf, "▲Inf"),
        (-np.inf, "▼Inf"),
        (0.0, "0"),
        (0.5, "+0.50000"),
        (-12.25, "-12.2500"),
        (1.5e-7, "+1.50e-07"),
        (np.uint8(7), "7"),
        (True, "True"),
    ],
)
def test_numbers_as_text(value: float, text: str) -> None:
    assert cell(value) == text


def test_shapes_as_text() -> None:
    assert (shape((10, 32, 1)), shape(())) == ("10x32x1", "scalar")
