from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtorch import SquareLoss, layers
from mtorch.debug.tracer import LossLayer
from mtorch.debug.twins import own, ready, sharing, spare, twin
from tests.mtorch.exact import LAYERS


def numbers(layer: Any) -> dict[str, bytes]:
    found = {name: array.tobytes() for name, array in layer.state_dict().items()}
    return found | {
        f"{i} {k}": g.tobytes() for i, p in enumerate(layer.layers_within()) for k, g in p.gradients.items()
    }


@given(st.sampled_from(sorted(LAYERS)), st.integers(0, 2**32 - 1))
def test_a_copy_that_shares_arrays_gives_the_same_and_leaves_the_layer_as_it_was(name: str, seed: int) -> None:
    layer, x = LAYERS[name](np.random.default_rng(seed))
    assert own(layer)
    layer.forward(x)
    kept, saved = numbers(layer), [len(part.saved) for part in layer.layers_within()]
    shared, deep = sharing(layer), twin(layer)
    outputs = [copy.forward(x) for copy in (shared, deep)]
    np.testing.assert_array_equal(*outputs)
    grad_output = np.cos(np.arange(outputs[0].size)).reshape(outputs[0].shape)
    results = [copy.backward(grad_output) for copy in (shared, deep)]
    for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in results), strict=True):
        assert (a is None and b is None) or np.array_equal(a, b)
    assert numbers(shared) == numbers(deep)
    assert numbers(layer) == kept
    assert [len(part.saved) for part in layer.layers_within()] == saved


def test_a_layer_that_is_used_twice_is_copied_once() -> None:
    tanh = layers.Tanh()
    first, second = sharing(layers.Sequential([tanh, tanh])).layers
    assert first is second is not tanh


class Mine(layers.Tanh):
    def forward(self, x: Any) -> Any:
        return super().forward(x)


class MyLoss(SquareLoss):
    def each(self, outputs: Any, targets: Any) -> Any:
        return super().each(outputs, targets)


def test_what_is_a_strangers_anywhere_is_not_mtorchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own(layers.Residual(layers.Tanh()))
    assert not own(layers.Residual(Mine()))
    assert not own(layers.RNN(2, 3, activation=Mine()))
    losses = [kind(lambda grad: None) for kind in (SquareLoss, MyLoss)]
    assert [own(LossLayer(loss, (), {})) for loss in losses] == [True, False]
    layer = layers.Tanh()
    layer.forward = Mine().forward  # type: ignore[method-assign]
    assert not own(layer)
    monkeypatch.setattr(layers.Tanh, "forward", Mine.forward)
    assert not own(layers.Tanh())


def test_arrays_are_shared_only_where_nobody_changes_them_in_place() -> None:
    linear = layers.Linear(3, 2)
    assert spare(linear).parameters["weight"] is linear.parameters["weight"]
    mine = Mine()
    mine.parameters = {"weight": np.ones(3)}
    assert spare(mine).parameters["weight"] is not mine.parameters["weight"]


def test_a_backward_is_made_of_what_was_saved_last_where_that_is_all_it_takes() -> None:
    class Strange(layers.Linear):
        def backward(self, grad_output: Any) -> Any:
            return super().backward(grad_output)

    x = np.ones((2, 3))
    for kind, saved in ((layers.Linear, 1), (Strange, 3)):
        layer = kind(3, 3, rng=0)
        for scale in (1, 2, 3):
            layer.forward(scale * x)
        found = ready(layer)
        assert len(found.saved) == saved and len(layer.saved) == 3
        found.backward(x)
        layer.backward(x)
        assert numbers(found) == numbers(layer)
    whole = layers.RNN(3, 4, rng=0)
    whole.forward(np.ones((5, 2, 3)))
    assert len(ready(whole).linear.saved) == 5
