"""A function that returns a loss and its gradient is a layer of the loss's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch.debug import watch
from mtorch.debug.strangers.pairs import Pair
from mtorch.errors import MtorchError
from tests.mtorch.debug.strangers.observed import observed

SCRIPT = """
import numpy as np
from mtorch.debug import watch
rng = np.random.default_rng(0)
def softmax_loss(x, y):
    e = np.exp(x - x.max(1, keepdims=True)); p = e / e.sum(1, keepdims=True)
    d = p.copy(); d[np.arange(len(y)), y] -= 1
    return -np.log(p[np.arange(len(y)), y]).mean(), d / SHARE
def affine(x, w): return x @ w, (x, w)
def back(d, cache): return d @ cache[1].T, cache[0].T @ d
affine, back = watch.layer("affine", affine, back)
softmax_loss = watch.loss("softmax", softmax_loss)
w = rng.normal(size=(4, 3))
for _ in range(2):
    z, cache = affine(rng.normal(size=(6, 4)), w)
    loss, d = softmax_loss(z, rng.integers(0, 3, 6))
    assert isinstance(loss, float) and d.shape == z.shape
    w -= 0.1 * back(d, cache)[1]
"""


@pytest.mark.parametrize(("share", "causes"), [("6", set()), ("1", {("wrong-scale", "softmax", "grad_input", "6")})])
def test_its_gradient_is_checked(share: str, causes: set[tuple[str, ...]]) -> None:
    reports = observed(SCRIPT.replace("SHARE", share))
    assert len(reports) == 2 and all(np.isfinite(report.trace.loss) for report in reports)
    found = {(f.cause, f.path, f.tensor, f.evidence["constant"]) for report in reports for f in report.findings}
    assert found == causes
    assert {check.path for report in reports for check in report.checks} == {"softmax", "affine"}


def test_without_mtorch_run_it_is_the_function_itself() -> None:
    assert watch.loss("sine", np.sin) is np.sin
    with pytest.raises(MtorchError, match=r"watch.loss: mse is no function"):
        watch.loss("mse", None)  # type: ignore[arg-type]


def test_what_it_returns_must_be_a_number_and_a_gradient() -> None:
    with pytest.raises(MtorchError, match=r"watch.loss: half returned float; expected a loss and its gradient"):
        observed("from mtorch.debug import watch\nwatch.loss('half', lambda x: 0.5)(1.0)")


GLOBAL = np.ones((3, 3))
SAID = "net: it uses GLOBAL, whose gradients are not checked; params= and grads= name them"
TABLE = {"w": GLOBAL}


@pytest.mark.parametrize(
    ("forward", "params", "said"),
    [
        (lambda x: x @ GLOBAL, None, SAID),
        (lambda x: x @ TABLE["w"], TABLE, ""),
        (lambda x, w: np.tanh(x @ w), None, ""),
        (np.sin, None, ""),
    ],
)
def test_what_functions_use_without_being_handed_it_is_said(forward: Any, params: Any, said: str) -> None:
    assert Pair("net", forward, np.cos, params).unnamed == said
