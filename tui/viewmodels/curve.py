"""A curve of the loss in a few characters' width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BARS = "▁▂▃▄▅▆▇█"
LOST = "?"


def sparkline(values: Sequence[float], width: int) -> str:
    """The values from left to right, averaged where they are more than the columns; ? where not finite."""
    if not values or width < 1:
        return ""
    parts = np.array_split(np.asarray(values, dtype=np.float64), min(width, len(values)))
    means = np.array([part.mean() for part in parts])
    finite = means[np.isfinite(means)]
    if not finite.size:
        return LOST * len(means)
    low, spread = finite.min() / 2, finite.max() / 2 - finite.min() / 2  # halves, which don't overflow
    heights = [
        0 if not np.isfinite(m) or spread == 0 else int((m / 2 - low) / spread * (len(BARS) - 1) + 0.5) for m in means
    ]
    return "".join(BARS[h] if np.isfinite(m) else LOST for m, h in zip(means, heights, strict=True))


def loss_so_far(losses: Sequence[float], iteration: int, width: int) -> tuple[str, str]:
    """Two lines: the curve up to where the run has come, and this iteration's loss in numbers."""
    if iteration >= len(losses):
        return "", "no iteration has run yet"
    if all(np.isnan(loss) for loss in losses):
        return "", "no loss was seen"
    finite = [loss for loss in losses if np.isfinite(loss)]
    least = f" · least {told(min(finite))}" if finite else ""
    return sparkline(losses, width), told(losses[iteration]) + least


def told(loss: float) -> str:
    """Four digits after the point; a power of ten where these would be zeros, or more than anybody reads."""
    return f"{loss:.4f}" if loss == 0 or 1e-3 <= abs(loss) < 1e5 else f"{loss:.3g}"
