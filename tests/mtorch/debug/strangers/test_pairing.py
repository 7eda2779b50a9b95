"""Pairing: a gradient's parameter, by names and shapes; nothing is guessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtorch.debug.strangers.pairing import by_shapes, gradient_keys, key, paired
from mtorch.debug.strangers.places import Place


def attr(*names: str) -> Place:
    first, *rest = names
    return (("attr", first), *(("item", name) for name in rest))


@pytest.mark.parametrize(
    ("gradient", "parameter"),
    [
        (attr("dW"), attr("W")),
        (attr("d_w"), attr("w")),
        (attr("grad_weight"), attr("weight")),
        (attr("weight_grad"), attr("weights")),
        (attr("gb"), attr("bias")),
        (attr("dweights"), attr("weights")),
        (attr("dbiases"), attr("biases")),
        (attr("grads", "W1"), attr("params", "W1")),
        (attr("dparams", "Wz"), attr("params", "Wz")),
        (attr("dL_dW"), attr("W")),
    ],
)
def test_a_gradient_is_called_after_its_parameter(gradient: Place, parameter: Place) -> None:
    assert any(set(k) <= set(key(parameter)) for k in gradient_keys(gradient))
    found = paired({parameter: np.ones((2, 3)), attr("other"): np.ones(7)}, {gradient: np.ones((2, 3))})
    assert found.found == {parameter: gradient} and not found.unclear


@pytest.mark.parametrize("name", ["x", "mask", "cache", "output", "weights"])
def test_what_is_no_gradient_is_not_called_one(name: str) -> None:
    assert not gradient_keys(attr(name))


def test_a_gradient_without_a_parameter_s_name_is_the_only_one_s_of_its_shape() -> None:
    w, b = attr("w"), attr("b")
    assert paired({w: np.ones((2, 2)), b: np.ones(2)}, {attr("grad"): np.ones((2, 2))}).found == {w: attr("grad")}
    two = paired({w: np.ones(2), b: np.ones(2)}, {attr("grad"): np.ones(2)})
    assert not two.found and len(two.unclear) == 1


@pytest.mark.parametrize("name", ["delta", "o_delta", "z_error", "diff"])
def test_what_is_handed_on_is_no_gradient_of_a_parameter_of_the_same_shape(name: str) -> None:
    assert not paired({attr("W"): np.ones((3, 3))}, {attr(name): np.ones((3, 3))}).found


def test_a_parameter_that_backward_has_updated_is_paired_by_name_only() -> None:
    w = {attr("W"): np.ones((3, 3))}
    assert not paired(w, {attr("dz"): np.ones((3, 3))}, [attr("W")]).found
    assert paired(w, {attr("dW"): np.ones((3, 3))}, [attr("W")]).found


shapes = st.sampled_from([(2,), (3,), (2, 3), (3, 2)])
names = st.sampled_from(["W", "b", "W1", "W2", "gamma", "weight", "bias", "data"])


@given(
    st.dictionaries(names, shapes, max_size=5),
    st.dictionaries(st.sampled_from(["dW", "db", "dW1", "grad", "gW2", "dgamma", "dz"]), shapes, max_size=5),
)
def test_no_parameter_has_two_gradients_and_no_gradient_two_parameters(
    parameters: dict[str, tuple[int, ...]], gradients: dict[str, tuple[int, ...]]
) -> None:
    own = {attr(name): np.ones(shape) for name, shape in parameters.items()}
    left = {attr(name): np.ones(shape) for name, shape in gradients.items()}
    found = paired(own, left).found
    assert len(set(found.values())) == len(found)
    assert found.keys() <= own.keys() and set(found.values()) <= left.keys()


@given(st.lists(shapes, max_size=5), st.lists(shapes, max_size=5))
def test_by_shapes_each_has_one_and_of_its_shape(
    parameters: list[tuple[int, ...]], returned: list[tuple[int, ...]]
) -> None:
    own = {attr(f"p{n}"): np.ones(shape) for n, shape in enumerate(parameters)}
    answers: dict[Place, np.ndarray] = {
        (("attr", "returned"), ("item", n)): np.ones(shape) for n, shape in enumerate(returned)
    }
    found = by_shapes(own, answers)
    assert len(set(found.values())) == len(found)
    assert all(own[p].shape == answers[g].shape for p, g in found.items())


def test_lists_are_paired_by_all_their_shapes() -> None:
    own: dict[Place, np.ndarray] = {}
    answers: dict[Place, np.ndarray] = {}
    for n in range(3):
        own[(("attr", "weights"), ("item", n))] = np.ones((2, 2))
        own[(("attr", "biases"), ("item", n))] = np.ones((2, 1))
        answers[(("attr", "returned"), ("item", 1), ("item", n))] = np.ones((2, 2))
        answers[(("attr", "returned"), ("item", 0), ("item", n))] = np.ones((2, 1))
    found = by_shapes(own, answers)
    assert len(found) == 6
    assert all(p[-1] == g[-1] for p, g in found.items())
    assert all(own[p].shape == answers[g].shape for p, g in found.items())
