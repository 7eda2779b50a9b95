"""Numbers as text of a fixed width: the sign always, and signs of their own for NaN and infinity."""

from __future__ import annotations

from typing import Any

import numpy as np

WIDTH = 9
NAN, PLUS_INF, MINUS_INF = "?NaN", "▲Inf", "▼Inf"


def cell(value: Any) -> str:
    """A number in at most WIDTH characters: +0.1234, -1.23e-05, 0, ?NaN."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(value) if len(str(value)) <= WIDTH else scientific(value)
    if np.isnan(value):
        return NAN
    if np.isinf(value):
        return PLUS_INF if value > 0 else MINUS_INF
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1:
        return f"{value:+.5f}"
    if 1 <= abs(value) < 999:
        return f"{value:+.4f}"
    return scientific(value)


def scientific(value: Any) -> str:
    """Three digits and an exponent; two where the exponent is long."""
    text = f"{value:+.2e}"
    return text if len(text) <= WIDTH else f"{value:+.1e}"


def short(value: float) -> str:
    """A number for a sentence: three digits."""
    return cell(value) if not np.isfinite(value) else f"{value:.3g}"


def shape(value: tuple[int, ...]) -> str:
    """A shape as in a sentence: 10x32x1, or scalar."""
    return "x".join(map(str, value)) or "scalar"
