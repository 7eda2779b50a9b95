from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from mtorch import layers, losses
from mtorch.equations import equations

BASES = {layers.Layer, layers.Activation, losses.Loss, losses.LossFunction}
NARROWED = {layers.Linear2, layers.Linear3}
"""Linear with a shape that is checked: its equations are Linear's."""

KINDS = [
    kind
    for module in (layers, losses)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if kind.__module__.startswith(module.__name__) and kind not in BASES | NARROWED
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_and_loss_has_equations_of_forward_and_backward(kind: Any) -> None:
    found = equations(kind)
    assert found is not None and found.notation and found.forward and found.backward
    assert all(re.search(r"=|returns", line) for line in found.forward[:1] + found.backward[:1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_symbols_of_parameters_are_those_of_the_code(kind: Any) -> None:
    """weight and bias appear in the equations exactly where the layer has them."""
    found = equations(kind)
    assert found is not None
    sources = "\n".join(inspect.getsource(base) for base in kind.__mro__[:-1])
    (declared,) = re.findall(r"self\.parameters = \{(\".*)\}", sources) or [""]
    for name in ("weight", "bias"):
        assert (name in " ".join(found.forward)) == (f'"{name}"' in declared)


def test_equations_are_read_line_by_line() -> None:
    found = equations(layers.Linear(2, 3))
    assert found is not None
    assert found.notation == "x (..., in_dim), weight (in_dim, out_dim), bias (out_dim), y (..., out_dim)"
    assert found.forward == ("y = x @ weight + bias",)
    assert [line.split(" = ")[0] for line in found.backward] == ["grad_input", "grad_weight", "grad_bias"]


def test_a_layer_without_equations_has_none() -> None:
    class Mine(layers.Layer):
        """Does what it likes."""

    class Bare(layers.Layer):
        pass

    assert equations(Mine) is None
    assert equations(Bare()) is None


def test_a_subclass_has_its_base_s_equations_unless_it_says_otherwise() -> None:
    assert equations(layers.Linear2) == equations(layers.Linear)
