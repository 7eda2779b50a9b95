"""How far apart plus and minus are on the heat maps, for every eye: python -m tests.colours prints a table.

Colour blindness is simulated by the matrices of Machado, Oliveira and Fernandes (2009, "A Physiologically-based Model
for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 1291-1298, doi:10.1109/TVCG.2009.113), severity 1.0,
applied to linear RGB. Distances are CIE76: Euclidean in CIELAB (CIE 15:2004, D65). About 2.3 is a just noticeable one
(Mahy, Van Eycken and Oosterlinck 1994). Contrast is that of WCAG 2.2.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from rich.color import Color, ColorSystem

from tui.viewmodels.heat import SHADES, STEPS, Rgb, Shade, luminance

EYES = {
    "full": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
"""From linear RGB to what is seen of it."""

SMALL = 4
"""Shades from the middle that don't count: numbers of less than (SMALL / STEPS)² = 6 % of the largest."""

TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(axis=1)


def linear(colour: Rgb) -> np.ndarray:
    """sRGB (IEC 61966-2-1) as linear RGB in 0…1."""
    c = np.array(colour) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(seen: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB."""
    t = TO_XYZ @ np.clip(seen, 0, 1) / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(a: Rgb, b: Rgb, eye: str) -> float:
    """How far apart two colours are for an eye."""
    return float(np.linalg.norm(lab(EYES[eye] @ linear(a)) - lab(EYES[eye] @ linear(b))))


def contrast(a: Rgb, b: Rgb) -> float:
    """1 … 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


class Apart(NamedTuple):
    """The smallest distance of a number's shade and its negative's, and how many shades from the middle that is."""

    distance: float
    step: int


def shades(dark: bool, system: ColorSystem = ColorSystem.TRUECOLOR) -> list[Shade]:
    """As a terminal of so many colours has them."""

    def shown(colour: Rgb) -> Rgb:
        red, green, blue = Color.from_rgb(*colour).downgrade(system).get_truecolor()
        return red, green, blue

    return [Shade(*map(shown, shade)) for shade in SHADES[dark]]


def apart(dark: bool, eye: str, system: ColorSystem = ColorSystem.TRUECOLOR) -> Apart:
    """Of all numbers that are not small."""
    shown = shades(dark, system)
    return min(
        Apart(distance(shown[STEPS - step].background, shown[STEPS + step].background, eye), step)
        for step in range(SMALL, STEPS + 1)
    )


def main() -> None:
    for dark, system in product((True, False), (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT)):
        text = min(contrast(*shade) for shade in shades(dark, system))
        colours = "256 colours" if system is ColorSystem.EIGHT_BIT else "true colour"
        print(f"{'dark' if dark else 'light'}, {colours}: text on shades contrasts {text:.1f} to 1 or more")
        for eye in EYES:
            found = apart(dark, eye, system)
            print(f"  {eye:7} plus and minus are {found.distance:5.1f} apart or more ({found.step} shades from zero)")


if __name__ == "__main__":
    main()
