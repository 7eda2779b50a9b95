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
