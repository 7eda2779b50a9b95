"""Copies share nothing with what they are of, and keep one object one; what is put at a place is found there."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtorch.debug.strangers.copies import LARGE, Kept, duplicate
from mtorch.debug.strangers.places import arrays_in, get, place_of, put, text


class Held(NamedTuple):
    w: Any
    rest: Any


class Slotted:
    __slots__ = ("__hidden", "inner")

    def __init__(self, inner: Any) -> None:
        self.inner, self.__hidden = inner, np.arange(2.0)


class Asking:
    """Its __getattr__ never ends where attributes are missing, as in a copy that is being made."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(frozen=True)
class Frozen:
    inner: Any


arrays = st.builds(lambda n: np.arange(float(n)), st.integers(1, 4))
things = st.recursive(
    arrays | st.integers() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Held, inner, inner)
        | st.builds(Slotted, inner)
        | st.builds(Asking, inner)
        | st.builds(Frozen, inner)
    ),
    max_leaves=8,
)


class Box:
    def __init__(self, held: Any) -> None:
        self.held = held


@given(things)
def test_a_copy_has_the_same_arrays_at_the_same_places_and_shares_none(thing: Any) -> None:
    box = Box([thing, thing])
    copy = duplicate(box, {})
    ours, theirs = arrays_in(box), arrays_in(copy)
    assert ours.keys() == theirs.keys()
    for place, array in ours.items():
        assert np.array_equal(array, theirs[place])
        assert not np.shares_memory(array, theirs[place])


@given(things)
def test_what_is_one_object_is_one_in_the_copy(thing: Any) -> None:
    array = np.ones(2)
    copy = duplicate(Box([thing, array, {"again": array}]), {})
    assert copy.held[1] is copy.held[2]["again"]
    assert copy.held[1] is not array


@given(things)
def test_what_is_put_at_a_place_is_there_and_nothing_else_has_changed(thing: Any) -> None:
    box = duplicate(Box(thing), {})
    for place in arrays_in(box):
        before = {p: np.array(a) for p, a in arrays_in(box).items()}
        put(box, place, np.full(5, 7.0))
        after = arrays_in(box)
        assert np.array_equal(get(box, place), np.full(5, 7.0))
        assert all(np.array_equal(after[p], a) for p, a in before.items() if p != place)


def test_a_circle_ends() -> None:
    box = Box(None)
    box.held = [box, np.ones(1)]
    copy = duplicate(box, {})
    assert copy.held[0] is copy and copy is not box
    assert [text(p) for p in arrays_in(box)] == ["held[1]"]


def test_what_cannot_be_copied_is_shared_and_a_method_belongs_to_the_copy() -> None:
    box = Box([threading.Lock(), (n for n in range(3)), np])
    box.method = box.__class__.__init__.__get__(box)  # type: ignore[attr-defined]
    copy = duplicate(box, {})
    assert all(a is b for a, b in zip(copy.held, box.held, strict=True))
    assert copy.method.__self__ is copy


def test_a_generator_of_random_numbers_goes_its_own_way() -> None:
    rng = np.random.default_rng(0)
    copy = duplicate(Box(rng), {})
    assert copy.held.random() == np.random.default_rng(0).random()
    assert rng.random() == np.random.default_rng(0).random()


def test_a_matrix_stays_one() -> None:
    assert type(duplicate(np.matrix([[1.0]]), {})) is np.matrix


def test_nothing_is_found_where_nothing_is() -> None:
    assert get(Box([1]), (("attr", "held"), ("item", 3))) is None
    assert get(Box([1]), (("attr", "other"),)) is None


def test_the_way_to_an_object_is_the_shortest() -> None:
    sought = Box(1)
    assert place_of(Box([[sought], sought]), sought) == (("attr", "held"), ("item", 1))
    assert place_of(Box([]), sought) is None


@pytest.mark.parametrize(
    ("place", "said"), [((("attr", "W"),), "W"), ((("attr", "p"), ("item", "W"), ("item", 0)), "p['W'][0]")]
)
def test_a_place_is_said_as_it_is_written(place: Any, said: str) -> None:
    assert text(place) == said


def test_a_large_array_is_copied_again_only_once_it_was_changed() -> None:
    kept, large, small = Kept(), np.zeros(LARGE), np.zeros(3)
    first = kept(large)
    assert kept(large) is first and not np.shares_memory(first, large) and not first.flags.writeable
    assert kept(small) is not kept(small)
    large[-1] = np.nan
    second = kept(large)
    assert second is not first and first[-1] == 0.0 and np.isnan(second[-1]) and kept(large) is second
    kept.forget()
    assert kept(large) is not second


def test_a_property_is_not_asked_and_an_object_that_can_hold_nothing_is_copied() -> None:
    class Proud:
        def __setattr__(self, name: str, value: Any) -> None:
            raise RuntimeError

    class Empty:
        __slots__ = ()

    thing = Proud()
    vars(thing).update(w=np.ones(2), n=3, inner=[Empty(), {"a": np.zeros(1)}])
    made = duplicate(thing, {})
    assert made is not thing and made.w is not vars(thing)["w"] and made.n == 3
    assert isinstance(made.inner[0], Empty) and made.inner[1]["a"] is not vars(thing)["inner"][1]["a"]
