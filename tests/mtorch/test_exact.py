"""Every layer and loss against complex-step derivatives, on shapes drawn at random."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtorch import layers, losses
from tests.mtorch.exact import LAYERS, LOSSES, layer_errors, loss_error

TOLERANCE = 1e-10
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=15)
@given(seed=seeds)
def test_layers_are_exact(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    errors = layer_errors(*LAYERS[name](rng), rng)
    assert errors or name == "Embedding"
    assert max(errors.values(), default=0.0) <= TOLERANCE, errors


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=50)
@given(seed=seeds)
def test_losses_are_exact(name: str, seed: int) -> None:
    assert loss_error(*LOSSES[name](np.random.default_rng(seed))) <= TOLERANCE


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=10)
@given(seed=seeds)
def test_in_float32_the_same_to_its_precision(name: str, seed: int) -> None:
    layer, x = LAYERS[name](np.random.default_rng(seed))
    parts = x if isinstance(x, tuple) else (x,)
    low = [part.astype(np.float32) if part.dtype.kind == "f" else part for part in parts]
    results = []
    for dtype in (np.float32, np.float64):
        for part in layer.layers_within():
            part.parameters = {key: p.astype(np.float32).astype(dtype) for key, p in part.parameters.items()}
            if "calls" in part.buffers:
                part.buffers = {"calls": np.array(0)}
        inputs = tuple(part.astype(dtype) if part.dtype.kind == "f" else part for part in low)
        layer.zero_grad()
        y = layer(inputs if isinstance(x, tuple) else inputs[0])
        found = layer.backward(np.cos(np.arange(y.size)).reshape(y.shape).astype(dtype))
        gradients = [g for part in layer.layers_within() for g in part.gradients.values()]
        results.append([y, *(found if isinstance(found, tuple) else [found] if found is not None else []), *gradients])
        assert all(array.dtype == dtype for array in results[-1]), name
    for single, double in zip(*results, strict=True):
        assert np.abs(single - double).max(initial=0.0) <= 1e-4 * max(np.abs(double).max(initial=0.0), 1e-2)


def test_nothing_is_left_out() -> None:
    def public(module: object, base: type) -> set[str]:
        kinds = inspect.getmembers(module, lambda kind: inspect.isclass(kind) and issubclass(kind, base))
        return {name for name, _ in kinds}

    narrowed = {"Layer", "Activation", "Linear2", "Linear3"}
    assert public(layers, layers.Layer) - narrowed == set(LAYERS)
    assert public(losses, losses.LossFunction) - {"LossFunction"} == set(LOSSES)
