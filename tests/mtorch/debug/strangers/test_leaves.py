"""Leaves: arrays taken out of a call's arguments, and put back."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mtorch.debug.strangers.leaves import Hole, emptied, filled, given_arrays, numbers


class Pair(NamedTuple):
    h: Any
    c: Any


nested = st.recursive(
    st.builds(lambda n: np.arange(float(n)), st.integers(0, 3)) | st.builds(np.arange, st.integers(0, 3)) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("ab"), inner)
        | st.tuples(inner)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=6,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return bool(a is b)


@given(nested)
def test_what_is_emptied_and_filled_is_what_it_was_and_shares_nothing(value: Any) -> None:
    template, arrays = emptied(value)
    again = filled(template, arrays)
    assert same(value, again)
    for array in given_arrays(value):
        assert not any(np.shares_memory(array, other) for other in [*arrays, *given_arrays(again)] if array.size)


@given(nested)
def test_the_arrays_themselves_come_in_the_order_of_the_copies(value: Any) -> None:
    _, arrays = emptied(value)
    assert all(map(same, given_arrays(value), arrays))
    assert len(given_arrays(value)) == len(arrays)


def test_a_hole_is_filled_with_an_array_of_its_kind() -> None:
    template, arrays = emptied({"x": np.matrix([[1.0, 2.0]])})
    assert type(arrays[0]) is np.ndarray
    assert type(filled(template, [np.ones((1, 2), complex)])["x"]) is np.matrix


def test_whole_numbers_stay_where_they_are() -> None:
    template, arrays = emptied([np.array([1, 2]), np.array([1.0])])
    assert len(arrays) == 1 and isinstance(template[1], Hole)


def test_numbers_have_names_that_say_where_they_are() -> None:
    value = {"out": np.ones(1), "more": [Pair(np.zeros(2), 3.0), np.arange(2)]}
    assert [name for name, _ in numbers(value)] == ["out", "more[0][h]", "more[0][c]"]
    assert [name for name, _ in numbers((np.ones(1),))] == [""]


class Batch(dict[str, Any]):
    __getattr__ = dict.__getitem__


class Rows(list[Any]):
    pass


def test_dicts_and_lists_of_classes_of_their_own_stay_so() -> None:
    value = (Batch(x=np.ones(2)), defaultdict(list, y=[np.zeros(1)]), Rows([np.ones(3)]), deque([np.ones(1)]))
    template, arrays = emptied(value)
    batch, lists, rows, last = filled(template, arrays)
    assert batch.x.tolist() == [1.0, 1.0] and batch.x is not value[0].x
    assert type(lists) is defaultdict and lists["z"] == [] and "z" not in value[1]
    assert type(rows) is Rows and rows[0].size == 3
    assert last is value[3]
