from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    for shade in SHADES[dark]:
        a, b = sorted((luminance(shade.foreground), luminance(shade.background)))
        assert (b + 0.05) / (a + 0.05) >= 4.5


@pytest.mark.parametrize("dark", [True, False])
def test_strong_plus_and_minus_are_far_apart(dark: bool) -> None:
    shades = SHADES[dark]
    for step in range(STEPS // 2):
        low, high = np.array(shades[step].background), np.array(shades[-1 - step].background)
        assert np.linalg.norm(low.astype(float) - high) > 100


@pytest.mark.parametrize("dark", [True, False])
def test_shades_leave_the_middle_as_the_theme_does(dark: bool) -> None:
    middle, ends = luminance(SHADES[dark][STEPS].background), [luminance(SHADES[dark][i].background) for i in (0, -1)]
    assert all((end > middle) == dark for end in ends)
