"""Chart: a curve of the loss as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtorch.debug.spans import plural

WIDTH, HEIGHT, POINTS = 720, 160, 600
LEFT, TOP, BELOW = 70, 10, 24
"""Room for the labels beside the curve, above and below it."""


def curve(losses: Sequence[float]) -> str:
    """The losses from left to right, averaged where they are more than POINTS; gaps where they are not finite."""
    parts = np.array_split(np.asarray(losses, dtype=np.float64), min(POINTS, max(1, len(losses))))
    means = np.array([part.mean() if part.size else np.nan for part in parts])
    finite = np.isfinite(means)
    if not finite.any():
        return "<p>No finite loss was seen.</p>"
    low, high = float(means[finite].min()), float(means[finite].max())
    spread = high - low or 1.0
    x = LEFT + np.arange(len(means)) * (WIDTH - LEFT - 10) / max(1, len(means) - 1)
    y = TOP + (HEIGHT - TOP - BELOW) * (1 - (means - low) / spread if high > low else np.full(len(means), 0.5))
    lines = []
    for stretch in np.split(np.arange(len(means)), np.flatnonzero(np.diff(finite.astype(int))) + 1):
        if finite[stretch[0]]:
            points = " ".join(f"{x[i]:.1f},{y[i]:.1f}" for i in stretch)
            lines.append(f'<polyline points="{points}"/>' if len(stretch) > 1 else dot(x[stretch[0]], y[stretch[0]]))
    lost = len(losses) - int(np.isfinite(losses).sum())
    words = f"{plural(len(losses), 'iteration')}, from {losses[0]:.6g} to {losses[-1]:.6g}"
    words += f"; {plural(lost, 'loss is', 'losses are')} not finite" if lost else ""
    labels = [(LEFT - 6, TOP + 5, "end", f"{high:.4g}"), (LEFT - 6, HEIGHT - BELOW, "end", f"{low:.4g}")]
    labels += [(LEFT, HEIGHT - 6, "start", "0"), (WIDTH - 10, HEIGHT - 6, "end", str(len(losses) - 1))]
    texts = "".join(f'<text x="{a}" y="{b}" text-anchor="{anchor}">{text}</text>' for a, b, anchor, text in labels)
    box = f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BELOW}H{WIDTH - 10}"/>'
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="the loss: {words}">'
        f'{box}{"".join(lines)}{texts}</svg><p class="more">{words}.</p>'
    )


def dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
