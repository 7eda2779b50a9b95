from __future__ import annotations

import numpy as np
import pytest

import scenarios
from mtorch import Training

NAMES = ["rnn-sin-cos", "mnist-mlp"]


def build(name: str, seed: int = 0) -> Training:
    return scenarios.find(name).build(seed)


def flat(training: Training) -> list[bytes]:
    return [array.tobytes() for parameters in training.state() for array in parameters.values()]


@pytest.mark.parametrize("name", NAMES)
def test_an_iteration_is_a_function_of_state_and_number(name: str) -> None:
    training = build(name)
    for i in range(7):
        training.step(i)
    state = training.state()
    losses = [training.step(i).value for i in range(7, 12)]
    after = flat(training)
    training.load_state(state)
    assert [training.step(i).value for i in range(7, 12)] == losses
    assert flat(training) == after


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_run_and_another_seed_another(name: str) -> None:
    first, again, other = build(name, 1), build(name, 1), build(name, 2)
    losses = [[training.step(i).value for i in range(3)] for training in (first, again, other)]
    assert losses[0] == losses[1] != losses[2]


def test_a_twin_in_double_precision_shares_the_data_and_nothing_else() -> None:
    training = build("mnist-mlp")
    before = flat(training)
    twin = training.astype(np.float64)
    assert twin.batches is training.batches
    assert twin.step(0).value == pytest.approx(training.astype(np.float32).step(0).value, rel=1e-5)
    assert twin.model.layers()[1].parameters["weight"].dtype == np.float64
    assert flat(training) == before


def test_a_twin_s_loss_goes_back_through_the_twin_s_own_layers() -> None:
    training = build("rnn-sin-cos")
    before, twin = flat(training), training.astype(np.float64)
    moved = flat(twin)
    twin.step(0)
    assert flat(twin) != moved
    assert flat(training) == before


def test_measuring_the_accuracy_disturbs_nothing() -> None:
    training, plain = build("mnist-mlp"), build("mnist-mlp")
    for i in range(3):
        training.step(i)
        plain.step(i)
        assert 0 <= (training.accuracy() or 0) <= 1
    assert flat(training) == flat(plain)


def test_there_is_no_accuracy_without_a_test_set() -> None:
    assert build("rnn-sin-cos").accuracy() is None


def test_training_reduces_the_loss() -> None:
    training = build("mnist-mlp")
    losses = [training.step(i).per_element for i in range(300)]
    assert np.mean(losses[-20:]) < np.mean(losses[:20]) / 2
