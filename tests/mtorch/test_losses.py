from __future__ import annotations

import numpy as np
import pytest

from mtorch import MtorchError, ShapeError, SquareLoss


def ignore(grad_output: np.ndarray) -> None:
    """A network that needs no gradient."""


@pytest.mark.parametrize(("reduction", "n"), [("sum", 1), ("batchmean", 4), ("mean", 12)])
def test_value_and_gradient_are_those_of_half_the_squared_distance(reduction: str, n: int) -> None:
    outputs, targets = np.arange(12.0).reshape(4, 3), np.ones((4, 3))
    loss = SquareLoss(ignore, reduction)(outputs, targets)
    assert loss.value == pytest.approx(0.5 * ((outputs - targets) ** 2).sum() / n)
    np.testing.assert_allclose(loss.grad_output, (outputs - targets) / n)


@pytest.mark.parametrize("reduction", ["sum", "batchmean", "mean"])
def test_the_loss_per_element_does_not_depend_on_the_reduction(reduction: str) -> None:
    assert SquareLoss(ignore, reduction)(np.full((2, 5, 3), 3.0), np.ones((2, 5, 3))).per_element == 2.0


def test_a_sequence_batch_is_averaged_over_its_batch() -> None:
    assert SquareLoss(ignore)(np.full((10, 5, 1), 2.0), np.zeros((10, 5, 1))).value == pytest.approx(20.0)


def test_labels_are_turned_into_rows_with_a_one() -> None:
    loss = SquareLoss(ignore, "sum")(np.zeros((2, 3)), np.array([2, 0]), transform=True)
    np.testing.assert_array_equal(loss.grad_output, [[0, 0, -1], [-1, 0, 0]])


def test_backward_hands_the_gradient_to_the_network() -> None:
    got: list[np.ndarray] = []
    loss = SquareLoss(backward_func=got.append)(np.ones((1, 2)), np.zeros((1, 2)))
    loss.backward()
    np.testing.assert_array_equal(got, [loss.grad_output])


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_labels_out_of_range_are_named(labels: list[int]) -> None:
    with pytest.raises(MtorchError, match=rf"labels in 0\.\.2, got {min(labels)}\.\.{max(labels)}"):
        SquareLoss(ignore)(np.zeros((2, 3)), np.array(labels), transform=True)


@pytest.mark.parametrize(("targets", "transform"), [(np.zeros((2, 4)), False), (np.zeros(5, int), True)])
def test_targets_of_another_shape_are_refused(targets: np.ndarray, transform: bool) -> None:
    with pytest.raises(ShapeError, match="SquareLoss expected"):
        SquareLoss(ignore)(np.zeros((2, 3)), targets, transform=transform)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(MtorchError, match="expected a reduction out of batchmean, mean, sum, got 'avg'"):
        SquareLoss(ignore, "avg")
