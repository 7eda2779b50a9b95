"""A rule that fires on a healthy scenario is a defect. `python -m tests.healthy` asks more seeds, and longer."""

import pytest

from scenarios import Scenario
from tests.healthy import healthy, said

SLOW = ("gru-sin-cos", "lstm-sin-cos", "char-rnn", "mnist-cnn")


@pytest.mark.parametrize("scenario", healthy(), ids=lambda scenario: scenario.name)
def test_nothing_is_said_of_what_is_healthy(scenario: Scenario) -> None:
    seeds = range(1) if scenario.name in SLOW else range(2)
    assert [said(scenario, seed, 20) for seed in seeds] == [set() for _ in seeds]
