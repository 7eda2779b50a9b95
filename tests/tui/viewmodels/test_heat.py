from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem

from tests.colours import apart, contrast, shades
from tui.viewmodels.heat import SHADES, STEPS, level, luminance


@given(st.floats(0, 1e30), st.floats(1e-30, 1e30))
def test_a_number_and_its_negative_are_as_far_from_the_middle(value: float, scale: float) -> None:
    high, low = level(value, scale), level(-value, scale)
    assert high is not None and low is not None
    assert high - STEPS == STEPS - low >= 0


def test_the_largest_has_the_last_shade_and_zero_the_middle_one() -> None:
    assert [level(v, 2.0) for v in (-2.0, 0.0, 2.0)] == [0, STEPS, 2 * STEPS]
    assert level(0.0, 0.0) == STEPS


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_shade(value: float) -> None:
    assert level(value, 1.0) is None


@pytest.mark.parametrize("dark", [True, False])
def test_text_can_be_read_on_every_shade(dark: bool) -> None:
    # WCAG 2.2, success criterion 1.4.3: 4.5 to 1.
    for system in (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT):
        assert min(contrast(*shade) for shade in shades(dark, system)) >= 4.5


@pytest.mark.parametrize("eye", ["full", "protan", "deutan", "tritan"])
def test_plus_and_minus_are_apart_for_every_eye_that_sees_colours(eye: str) -> None:
    # As python -m tests.colours measures it; in grey they are alike, and the sign that is always printed tells.
    assert apart(True, eye).distance > 38
    assert apart(False, eye).distance > 20


@pytest.mark.parametrize("dark", [True, False])
def test_shades_leave_the_middle_as_the_theme_does(dark: bool) -> None:
    middle, ends = luminance(SHADES[dark][STEPS].background), [luminance(SHADES[dark][i].background) for i in (0, -1)]
    assert all((end > middle) == dark for end in ends)
