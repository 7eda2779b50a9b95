"""Scenarios: trainings to look at, by name."""

from __future__ import annotations

from mtorch.errors import ScenarioError, unknown
from scenarios.characters import CHAR_RNN
from scenarios.digits import MNIST_CNN, MNIST_MLP, MNIST_MLP_SEED
from scenarios.faults import GALLERY
from scenarios.faults.seed import RNN_SIN_COS_SEED
from scenarios.points import DEEP_MLP, SPIRALS, XOR
from scenarios.registry import Scenario
from scenarios.sick import SICK
from scenarios.sine import GRU_SIN_COS, LSTM_SIN_COS, RNN_SIN_COS

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        RNN_SIN_COS,
        RNN_SIN_COS_SEED,
        MNIST_MLP,
        MNIST_MLP_SEED,
        XOR,
        SPIRALS,
        DEEP_MLP,
        LSTM_SIN_COS,
        GRU_SIN_COS,
        MNIST_CNN,
        CHAR_RNN,
        *SICK,
        *GALLERY,
    )
}


def find(name: str) -> Scenario:
    """The scenario of that name. Raises ScenarioError that names the nearest ones."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    raise ScenarioError(f"{unknown('scenario', name, SCENARIOS)}; mtorch list has all")


__all__ = ["SCENARIOS", "Scenario", "find"]
