"""Trials leave neither random generators nor what is printed as they were not."""

from __future__ import annotations

import random
import sys
import warnings

import numpy as np
import pytest

from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.quiet import quiet, quietly

rng = np.random.default_rng(0)
old = np.random.RandomState(0)


class Layer:
    pass


def draw() -> list[float]:
    return [np.random.rand(), random.random(), rng.random(), old.rand()]


def test_a_call_is_made_again_with_the_luck_that_it_had() -> None:
    chance = Chance(Layer)
    first, other = draw(), draw()
    chance.again()
    assert draw() == first and first != other


def normals() -> list[float]:
    return [float(np.random.randn()), random.gauss(0.0, 1.0)]


def test_a_normal_number_that_is_left_over_belongs_to_the_luck() -> None:
    np.random.seed(0)
    random.seed(0)
    start = Chance(Layer)
    first = normals()
    half = Chance(Layer)  # the second of a pair of normals is ready, and nothing else is drawn for it
    second = normals()
    whole = Chance(Layer)
    third = normals()
    for chance, expected in ((half, second), (start, first), (whole, third), (half, second)):
        chance.again()
        assert normals() == expected


@pytest.mark.parametrize("generator", [np.random.PCG64, np.random.MT19937])
def test_numpys_global_generator_may_be_another_one(generator: type) -> None:
    own = np.random.get_bit_generator()  # type: ignore[attr-defined]
    try:
        np.random.set_bit_generator(generator(0))  # type: ignore[attr-defined]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chance = Chance(Layer)
            first = np.random.rand()
            chance.again()
        assert np.random.rand() == first
    finally:
        np.random.set_bit_generator(own)  # type: ignore[attr-defined]


def test_a_trial_leaves_generators_as_they_were() -> None:
    chance = Chance(Layer)
    expected = draw()
    chance.again()
    with quietly(Layer):
        draw()
    assert draw() == expected


def test_nothing_is_printed_or_warned_of_in_a_trial_and_then_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert not quiet()
    with quietly(), quietly():
        assert quiet()
        print("said")
        print("said", file=sys.stderr)
        warnings.warn("said", stacklevel=1)
        np.log(np.zeros(1))
    assert not quiet()
    print("after")
    assert capsys.readouterr() == ("after\n", "")


def test_a_trial_that_raises_is_over() -> None:
    with pytest.raises(ValueError), quietly():
        raise ValueError
    assert not quiet()
