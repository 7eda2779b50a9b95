"""Numbers as text of a fixed width: the sign always, and signs of their own for NaN and infinity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tui.plain import plain

WIDTH = 9
NAN, PLUS_INF, MINUS_INF = "?NaN", "▲Inf", "▼Inf"


class Form(NamedTuple):
    """A way to write finite floats, in at most `width` characters."""

    width: int
    text: Callable[[Any], str]


def cell(value: Any, form: str = "auto") -> str:
    """A number in at most the form's width, for auto WIDTH: +0.1234, -1.23e-05, 0, ?NaN. A complex one is two of these,
    what is no number is written as it is.
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(value) if len(str(value)) <= FORMS[form].width else scientific(value)
    if isinstance(value, complex | np.complexfloating):
        return f"{cell(value.real, form)} {cell(value.imag, form)}i"
    if not isinstance(value, float | np.floating):
        return plain(value)
    if value != value:
        return NAN
    if math.isinf(value):
        return PLUS_INF if value > 0 else MINUS_INF
    if value == 0:
        return "0"
    return FORMS[form].text(value)


def auto(value: Any) -> str:
    if 1e-3 <= abs(value) < 1:
        return f"{value:+.5f}"
    if 1 <= abs(value) < 999:
        return f"{value:+.4f}"
    return scientific(value)


def scientific(value: Any) -> str:
    """Three digits and an exponent; two where the exponent is long."""
    text = f"{value:+.2e}"
    return text if len(text) <= WIDTH else f"{value:+.1e}"


def fixed(value: Any) -> str:
    """Six digits after the point; an exponent for what is too large or too small for them."""
    return f"{value:+.6f}" if 5e-7 <= abs(value) < 99999 else f"{value:+.4e}"


def exact(value: Any) -> str:
    """As many digits as tell a number of this dtype from its neighbours."""
    text = np.format_float_scientific(value, unique=True, trim="-", sign=True, exp_digits=2)
    positional = np.format_float_positional(value, unique=True, trim="-", sign=True)
    return positional if len(positional) <= min(len(text) + 3, FORMS["exact"].width) else text


FORMS = {
    "auto": Form(WIDTH, auto),
    "fixed": Form(13, fixed),
    "exponent": Form(13, lambda value: f"{value:+.5e}"),
    "exact": Form(24, exact),
    "hex": Form(24, lambda value: float(value).hex()),
}
"""By name, in the order in which a key goes through them."""


def short(value: float) -> str:
    """A number for a sentence: three digits."""
    return cell(value) if not np.isfinite(value) else f"{value:.3g}"


def shape(value: tuple[int, ...]) -> str:
    """A shape as in a sentence: 10x32x1, or scalar."""
    return "x".join(map(str, value)) or "scalar"
