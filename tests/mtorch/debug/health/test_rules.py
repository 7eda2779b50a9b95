from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import scenarios
from mtorch import layers
from mtorch.debug.events import Call
from mtorch.debug.health.rules import diagnose
from mtorch.debug.health.scale import inconsistent_scale
from mtorch.debug.health.thresholds import Thresholds
from mtorch.debug.health.vitals import Inputs, Vitals, bounds, vitals
from mtorch.debug.session import Session, Stopped
from mtorch.errors import MtorchError
from mtorch.layers.base import Layer
from scenarios.sick import regression


@pytest.fixture(scope="module")
def well() -> list[Vitals]:
    """Twenty healthy iterations."""
    session, ranges = Session(scenarios.find("spirals").build()), {}
    return [vitals(session.trace(i), ranges) for i in range(20)]


def causes(seen: list[Vitals], losses: list[float] | None = None, **limits: float) -> list[str]:
    found = diagnose(seen, losses or [v.loss for v in seen], Thresholds.of(limits))
    return [f.cause for f in found]


def with_parameters(seen: list[Vitals], number: int = 0, **changes: Any) -> list[Vitals]:
    """The same with numbers of one parameter changed, its weight matrices being 0, 2 and 4."""
    return [
        replace(v, parameters=tuple(replace(p, **changes) if n == number else p for n, p in enumerate(v.parameters)))
        for v in seen
    ]


def test_nothing_is_said_of_healthy_iterations(well: list[Vitals]) -> None:
    assert causes(well) == []


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"gradient": 1e-5, "mean": 1e-6}, "vanishing-gradient"),
        ({"mean": 1e-8}, "vanishing-gradient"),
        ({"gradient": 50.0}, "exploding-gradient"),
        ({"begun": 1.0}, "gradients-not-reset"),
        ({"changed": False, "delta": 0.0}, "frozen-parameter"),
        ({"changed": False, "delta": 0.0, "gradient": None}, "frozen-parameter"),
        ({"delta": 20.0, "weight": 10.0}, "update-too-large"),
        ({"constant": True}, "zero-init"),
    ],
)
def test_a_parameter_that_is_off(well: list[Vitals], changes: dict[str, Any], cause: str) -> None:
    assert causes(with_parameters(well, **changes)) == [cause]


@pytest.mark.parametrize(
    "changes",
    [
        {"gradient": 0.0, "mean": 0.0},
        {"gradient": 0.0, "changed": False, "delta": 0.0},
        {"delta": 1e-6},
        {"begun": 1.0, "changed": None, "delta": None},
    ],
)
def test_a_parameter_that_is_not(well: list[Vitals], changes: dict[str, Any]) -> None:
    """No gradient at all has other causes; one small update among others is none; gradients add up until an update."""
    assert causes(with_parameters(well, **changes)) == []


def test_exploding_by_size_alone(well: list[Vitals]) -> None:
    seen = with_parameters(with_parameters(well, 0, gradient=2e4), 4, gradient=2e4)
    assert causes(seen) == ["exploding-gradient"]


def test_what_happens_once_is_not_what_goes_on(well: list[Vitals]) -> None:
    assert causes(with_parameters(well[:2], gradient=50.0)) == []
    assert causes(with_parameters(well[:1], constant=True)) == ["zero-init"]
    assert causes(with_parameters(well[1:], constant=True)) == []


def test_a_loss_is_flat_where_updates_take_nothing_off_it(well: list[Vitals]) -> None:
    flat = [replace(v, loss=1.0, parameters=tuple(replace(p, drop=0.0) for p in v.parameters)) for v in well]
    assert causes(flat) == ["loss-flat"]
    assert causes(flat, [3.0] + [1.0] * 19) == []  # it has been learnt
    assert causes([replace(v, loss=1.0) for v in well]) == []  # each batch's own loss falls


def test_a_loss_diverges_by_its_means(well: list[Vitals]) -> None:
    assert causes(well, [1.0] * 10 + [3.0] * 10) == ["loss-diverging"]
    assert causes(well, [1.0] * 19 + [5.0]) == []
    assert causes(well, [1.0] * 5 + [0.001] * 10 + [0.01] * 5) == []  # near 0, batches differ by factors


@pytest.mark.parametrize(("loss", "found"), [(1.7, []), (2.2, ["initial-loss-off"]), (0.4, ["initial-loss-off"])])
def test_the_first_loss(well: list[Vitals], loss: float, found: list[str]) -> None:
    assert causes([replace(well[0], loss=loss), *well[1:]]) == found


@pytest.mark.parametrize(
    ("mean", "std", "low", "high", "found"),
    [
        (0.0, 1.0, -4.0, 4.0, False),
        (0.3, 0.4, 0.0, 1.0, False),
        (5.0, 6.0, 0.0, 16.0, True),
        (0.0, 300.0, -900.0, 900.0, True),
    ],
)
def test_inputs(well: list[Vitals], mean: float, std: float, low: float, high: float, found: bool) -> None:
    seen = [replace(v, inputs=(Inputs(0, "x", mean, std, low, high),)) for v in well]
    assert causes(seen) == ["unnormalised-input"] * found


@pytest.mark.parametrize(
    ("labels", "found"), [((20, 30, 3), False), ((20, 30, 2), True), ((20, 0, 30), True), ((1, 0, 1), False)]
)
def test_classes(well: list[Vitals], labels: tuple[int, ...], found: bool) -> None:
    seen = [replace(v, labels=np.array(labels)) for v in well]
    assert causes(seen) == ["imbalanced-classes"] * found


def test_what_is_not_finite_is_said_once_and_ends_the_window() -> None:
    session = Session(regression(0, None, lr=1e6))
    errors = [f for f in session.health(9) if f.severity == "error"]
    assert [f.cause for f in errors] == ["non-finite"]
    assert 0 < errors[0].iteration < 9
    before = session.health(errors[0].iteration - 1)
    assert {f.cause for f in before} <= {"loss-diverging", "update-too-large", "exploding-gradient"}


def test_thresholds_can_be_set(well: list[Vitals]) -> None:
    assert causes(well, exploding_ratio=1e-3) == ["exploding-gradient"]
    with pytest.raises(MtorchError, match="no threshold is called 'dead_shar'; did you mean 'dead_share'"):
        Thresholds.of({"dead_shar": 1})


def test_the_way_to_a_window_can_be_stopped() -> None:
    session = Session(scenarios.find("xor").build())
    with pytest.raises(Stopped):
        session.health(30, lambda iteration: iteration < 15)
    assert session.health(30) == ()


def test_a_window_is_the_same_whichever_way_one_comes() -> None:
    there, back = (Session(scenarios.find("sick-lr-too-small").build()) for _ in range(2))
    back.seek(60)
    assert back.health(25) == there.health(25) != ()


class Own(Layer):
    """A rectifier that somebody wrote."""

    def forward(self, x: Any) -> Any:
        return x * (x > 0)


@pytest.mark.parametrize(
    ("layer", "range"),
    [
        (layers.Relu(), (0, np.inf)),
        (Own(), (0, np.inf)),
        (layers.Tanh(), (-1, 1)),
        (layers.Sigmoid(), (0, 1)),
        (layers.LeakyRelu(), None),
        (layers.Gelu(), None),
        (layers.Softmax(), None),
        (layers.Dropout(0.5), None),
        (layers.Flatten(), None),
        (layers.Linear(3, 3), None),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 3), (2, 4, 3, 3)])
def test_activations_are_known_by_what_they_do(layer: Any, range: Any, shape: tuple[int, ...]) -> None:
    x = np.ones(shape, "f4")
    found = bounds(Call(layer, (x,), x, {}, {}))
    assert found == (None if range is None else pytest.approx(range, abs=1e-6))


def test_scales_of_gradients() -> None:
    (found,) = inconsistent_scale(Session(scenarios.find("mnist-mlp-seed").build()).report(0).trace)
    assert (found.cause, found.path, found.tensor) == ("inconsistent-scale", "linear1", "grad_weight")
    assert found.evidence["scales"]["linear3.weight"] == "0.05"
    assert found.evidence["scales"]["linear1.weight"] == f"{1 / 20 / 10 / 16:.4g}"
    assert inconsistent_scale(Session(scenarios.find("mnist-mlp").build()).report(0).trace) == []
