"""Heat: colours for numbers of both signs, dark at zero on dark themes and light at zero on light ones."""

from __future__ import annotations

import math
from typing import NamedTuple

Rgb = tuple[int, int, int]

STEPS = 16
"""Shades on either side of zero."""

# Anchors after Crameri's maps managua and vik (2023, doi:10.5281/zenodo.8409685), which keep minus
# and plus apart for colour-blind eyes.
DARK: tuple[Rgb, ...] = ((255, 207, 103), (181, 107, 63), (62, 36, 44), (80, 106, 171), (129, 231, 255))
LIGHT: tuple[Rgb, ...] = ((2, 62, 125), (112, 163, 194), (240, 236, 233), (207, 146, 112), (120, 35, 8))


class Shade(NamedTuple):
    """A cell's colours."""

    foreground: Rgb
    background: Rgb


def between(anchors: tuple[Rgb, ...], place: float) -> Rgb:
    """The colour at a place in 0…1 along the anchors."""
    position = place * (len(anchors) - 1)
    left = min(int(position), len(anchors) - 2)
    share = position - left
    a, b = anchors[left], anchors[left + 1]
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def luminance(colour: Rgb) -> float:
    """Relative luminance (WCAG 2.2), 0 black … 1 white."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def shades(dark: bool) -> tuple[Shade, ...]:
    """2 * STEPS + 1 shades, from the most negative to the most positive."""
    found = []
    for step in range(2 * STEPS + 1):
        background = between(DARK if dark else LIGHT, step / (2 * STEPS))
        # Of black and white the one that contrasts more: they part at a luminance of 0.179.
        text = (0, 0, 0) if luminance(background) > 0.179 else (255, 255, 255)
        found.append(Shade(text, background))
    return tuple(found)


SHADES = {dark: shades(dark) for dark in (True, False)}


def level(value: float, scale: float) -> int | None:
    """Which shade a number has where `scale` is the largest magnitude; None where it's not finite.

    By the square root of the share: most numbers of a tensor are small next to its largest.
    """
    if not math.isfinite(value):
        return None
    share = 0.0 if scale == 0 else math.sqrt(min(1.0, abs(value) / scale))
    return STEPS + round(math.copysign(share * STEPS, value))


def apart(a: float, b: float) -> int | None:
    """Which shade two numbers have by how far they are apart, as a share of the larger one: zero's where they are the
    same, the last one's for all of it, and in between by its logarithm, down to 1e-16. None where just one is finite.
    """
    if a == b or (a != a and b != b):
        return STEPS
    if not (math.isfinite(a) and math.isfinite(b)):
        return None
    share = abs(a - b) / max(abs(a), abs(b))
    return STEPS + max(1, round(STEPS * (1 + math.log10(min(1.0, share)) / 16)))
