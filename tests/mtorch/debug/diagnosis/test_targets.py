from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.session import Session

FAR_OUT = np.array([[-0.5, 2.0], [0.5, 0.5], [0.25, 0.75], [0.0, 1.0]])
INSIDE = np.array([[0.1, 0.9]] * 4)


class Fixed:
    def __init__(self, targets: np.ndarray) -> None:
        self.targets = targets

    def batch(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        return np.linspace(-1, 1, 12).reshape(4, 3), self.targets


def found(head: layers.Layer, targets: np.ndarray) -> list[Finding]:
    module = Module(Sequential([layers.Linear(3, 2, rng=0), head]))
    training = Training(module, SquareLoss(module.backward), SGD(module, 0.1), Fixed(targets))
    return [f for f in Session(training).report(0).findings if f.cause == "unreachable-target"]


def test_a_sigmoid_cannot_reach_what_lies_outside_0_to_1() -> None:
    (finding,) = found(layers.Sigmoid(), FAR_OUT)
    assert (finding.path, finding.tensor, finding.evidence["range"]) == ("sigmoid", "output", [0, 1])
    assert finding.evidence["share_outside"] == 2 / 8
    assert finding.evidence["lowest_loss_per_element"] == pytest.approx(0.5 * (0.5**2 + 1**2) / 8)


def test_the_head_of_a_nested_sequential_is_found() -> None:
    (finding,) = found(Sequential([layers.Linear(2, 2, rng=1), layers.Sigmoid()]), FAR_OUT)
    assert finding.path == "sequential.sigmoid"


@pytest.mark.parametrize("head", [layers.Sigmoid(), layers.Tanh(), layers.Relu(), layers.Linear(2, 2)])
def test_targets_within_reach_are_no_finding(head: layers.Layer) -> None:
    assert found(head, INSIDE) == []


def test_a_head_with_parameters_can_reach_anything() -> None:
    assert found(layers.Linear(2, 2), FAR_OUT) == []


def test_a_head_that_cannot_be_probed_is_left_alone() -> None:
    class Picky(layers.Sigmoid):
        def forward(self, x: Any) -> Any:
            if np.abs(x).max() > 100:
                raise RuntimeError("too large for me")
            return super().forward(x)

    assert found(Picky(), FAR_OUT) == []
