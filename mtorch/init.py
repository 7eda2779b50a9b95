"""Where random numbers come from: a generator handed in, or one fixed default."""

from __future__ import annotations

import numpy as np

_default: np.random.Generator | None = None
"""Made when it is first asked for: importing numpy.random takes its time."""


def manual_seed(seed: int) -> None:
    """Restart the default generator, as torch.manual_seed does."""
    global _default
    _default = np.random.default_rng(seed)


def generator(rng: np.random.Generator | int | None) -> np.random.Generator:
    """A generator as it is, one made from a seed, or the default one."""
    global _default
    if rng is None:
        _default = _default or np.random.default_rng(0)
        return _default
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
