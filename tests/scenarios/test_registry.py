from __future__ import annotations

import numpy as np
import pytest

import scenarios
from mtorch.errors import ScenarioError
from scenarios import SCENARIOS, find


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_builds_and_runs(name: str) -> None:
    training = find(name).build(seed=3)
    assert np.isfinite([training.step(i).per_element for i in range(3)]).all()


def test_a_setting_changes_what_is_built() -> None:
    scenario = find("rnn-sin-cos")
    training = scenario.build(settings=scenario.parse(("seq=4", "lr=0.25")))
    assert training.batches.batch(0)[1].shape[0] == 4
    assert training.optimizer.lr == 0.25


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("hidden", "expected key=value; mnist-mlp has hidden=16, batch=20"),
        ("depth=3", "no setting depth; mnist-mlp has hidden=16"),
        ("hidden=many", "expected int for hidden, got 'many'"),
        ("hidden=1.5", "expected int for hidden, got '1.5'"),
        ("hidden=0", "expected a positive number for hidden, got 0"),
        ("lr=-1", "expected a positive number for lr, got -1"),
        ("lr=nan", "expected a positive number for lr, got nan"),
        ("hidden=٣", "expected int for hidden, got '٣'"),
        ("lr=٣", "expected float for lr, got '٣'"),
        ("lr=inf", "expected a positive number for lr, got inf"),
    ],
)
def test_a_bad_setting_is_named(words: str, said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        find("mnist-mlp").parse((words,))
    assert said in str(error.value)
    assert words in str(error.value)


def test_a_setting_is_given_once() -> None:
    with pytest.raises(ScenarioError, match="--set hidden=4: expected hidden once"):
        find("mnist-mlp").parse(("hidden=3", "lr=1", "hidden=4"))


def test_a_misspelt_scenario_gets_the_nearest_name() -> None:
    with pytest.raises(ScenarioError, match="no scenario is called 'rnn-sin-co'; did you mean 'rnn-sin-cos'"):
        find("rnn-sin-co")


def test_a_name_like_no_other_gets_all_names() -> None:
    with pytest.raises(ScenarioError, match="there are rnn-sin-cos, rnn-sin-cos-seed, mnist-mlp"):
        scenarios.find("zzzzzz")


def test_faults_say_what_is_to_be_found_and_healthy_ones_nothing() -> None:
    assert {name for name, s in SCENARIOS.items() if s.expected} == {
        n for n, s in SCENARIOS.items() if "fault" in s.tags or "sick" in s.tags
    }
