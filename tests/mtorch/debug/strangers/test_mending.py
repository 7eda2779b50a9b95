"""A stranger's layer with wrong ones inside, judged as if these were right."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch.debug.strangers.here import moment


class Doubled:
    def forward(self, x: Any) -> Any:
        self.x = x
        return x**2

    def backward(self, grad: Any) -> Any:
        return 4 * self.x * grad


class Updating:
    """Holds a wrong layer, and updates its own parameter by a rate that stands nowhere."""

    def __init__(self) -> None:
        self.W, self.inner = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 0.2], [0.1, 0.4, 1.5]]), Doubled()

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.inner.forward(x @ self.W)

    def backward(self, grad: Any) -> Any:
        grad = self.inner.backward(grad)
        back = grad @ self.W.T
        self.W = self.W - 0.0123 * (self.x.T @ grad)
        return back


def test_a_layer_whose_rate_is_unknown_is_judged_without_what_is_wrong_inside() -> None:
    _, _, report = moment(Updating(), (np.arange(6.0).reshape(2, 3) / 5,))
    assert [(f.path, f.cause) for f in report.findings] == [("updating.doubled", "wrong-scale")]
