from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mtorch.errors import MtorchError
from tui.viewmodels.numbers import cell as text
from tui.viewmodels.seeking import parse, seek
from tui.viewmodels.table import ORDERS, Beside, Look, Table


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)), st.sampled_from(ORDERS)
)
def test_an_array_of_any_rank_has_every_number_in_one_cell_of_one_slice(array: np.ndarray, order: str) -> None:
    seen = []
    first = Table(array, look=Look(order=order))
    for number in range(first.slices if array.size else 0):
        table = Table(array, look=first.slice(number))
        assert table.number == number
        for row in range(table.rows):
            for column in range(table.columns):
                index = table.index_at(row, column)
                (cell,) = table.cells(row, column)
                assert cell.text == text(array[index])
                assert table.at(index).place_of(index) == (row, column)
                seen.append(index)
    assert sorted(seen) == (sorted(np.ndindex(*array.shape)) if array.size else [])


def test_the_last_two_axes_that_are_longer_than_1_show() -> None:
    shapes = [(10, 32, 1), (10, 32, 4), (1, 1, 5), (7, 1, 1), (2, 3, 1, 1), (1, 1, 1)]
    assert [Table(np.zeros(shape)).axes for shape in shapes] == [(0, 1), (1, 2), (1, 2), (0, 2), (0, 1), (1, 2)]


def test_rows_and_columns_are_sorted_by_their_norms_with_their_labels() -> None:
    array = np.array([[1.0, 9.0], [3.0, 0.0], [np.nan, 0.0]])
    table = Table(array, look=Look(order="both"), labels=(("a", "b", "c"), ()))
    assert [table.row_label(row) for row in range(3)] == ["c", "a", "b"]
    assert [table.column_label(column) for column in range(2)] == ["0", "1"], "the first has a NaN"
    assert Table(array, look=Look(order="columns")).row_label(0) == "0"


def test_another_run_beside_is_apart_and_not_wrong() -> None:
    table = Table(np.array([1.0, 2.0, np.nan]), Beside(np.array([1.0, 2.5, np.nan]), "a", "b", apart=True))
    marked = [table.cells(0, column)[0].wrong for column in range(3)]
    assert marked == [False, True, False] and table.wrong().tolist() == marked
    assert table.column_label(1) == "1 a / b"
    shades = [table.cells(0, column)[0].level for column in range(3)]
    assert shades[0] == shades[2] == 16 < shades[1]


def test_another_run_has_a_table_of_its_own_and_what_is_closer_than_the_tolerance_is_not_marked() -> None:
    ours, theirs = np.array([1.0, 2.0]), np.array([1.0 + 1e-7, 2.5])
    table = Table(ours, Beside(theirs, "a", "b", apart=True, tolerance=1e-6, halves=True))
    assert [[cell.wrong for cell in table.cells(0, column)] for column in range(2)] == [[False] * 2, [True] * 2]
    assert table.column_label(1) == "1" and table.column_width == Table(ours).column_width
    assert table.wrong().tolist() == [False, True]
    other = Table(ours, Beside(np.zeros(3), apart=True, halves=True))
    assert not other.halves and other.wrong() is None, "of another shape"


def test_cells_are_sought_behind_the_chosen_one_and_from_the_start_again() -> None:
    array = np.array([[0.5, -3.0], [np.nan, 0.1]])
    table = Table(array, Beside(np.array([[0.5, 3.0], [0.0, 0.2]])))
    assert seek(table, "largest", None) == (0, 1) and seek(table, "smallest", None) == (1, 1)
    assert [seek(table, "wrong", after) for after in (None, (0, 1), (1, 0), (1, 1))] == [(0, 1), (1, 0), (1, 1), (0, 1)]
    assert seek(table, "nonfinite", (1, 1)) == (1, 0) and seek(Table(np.zeros(3)), "nonfinite", None) is None
    assert seek(Table(np.array([5, -128], np.int8)), "largest", None) == (1,)
    with pytest.raises(MtorchError, match="no right numbers"):
        seek(Table(array), "wrong", None)


def test_an_index_is_read_and_what_is_none_is_named() -> None:
    array = np.zeros((3, 4))
    assert parse("[1, -1]", array) == (1, 3) and parse("2 0", array) == (2, 0)
    for words, said in (("3,0", "no cell 3,0"), ("1", "expects 2 numbers"), ("a,b", "got 'a,b'")):
        with pytest.raises(MtorchError, match=said):
            parse(words, array)


def test_a_vector_is_a_row() -> None:
    assert (Table(np.zeros(5)).rows, Table(np.zeros(5)).columns, Table(np.zeros(())).rows) == (1, 5, 1)


def test_the_right_number_stands_beside_and_a_wrong_one_is_marked() -> None:
    table = Table(np.array([[1.0, 2.0]]), Beside(np.array([[1.0, 2.1]])))
    assert [(c.text, c.wrong) for c in table.cells(0, 0)] == [("+1.0000", False), ("+1.0000", False)]
    assert [(c.text, c.wrong) for c in table.cells(0, 1)] == [("+2.0000", True), ("+2.1000", False)]
    assert table.column_width > 2 * Table(np.zeros((1, 1))).column_width - 3


def test_where_the_right_number_is_not_known_nothing_is_marked() -> None:
    assert not Table(np.array([[5.0]]), Beside(np.array([[np.nan]]))).cells(0, 0)[0].wrong


def test_a_nan_where_a_number_should_be_is_marked() -> None:
    assert Table(np.array([[np.nan]]), Beside(np.array([[1.0]]))).cells(0, 0)[0].wrong


def test_the_same_infinity_is_not_wrong() -> None:
    table = Table(np.array([[np.inf, 1.0]]), Beside(np.array([[np.inf, 1.0]])))
    assert not any(cells[0].wrong for cells in table.line(0, 0, 2)) and not table.wrong().any()


def test_numbers_that_are_not_finite_leave_the_scale_alone() -> None:
    table = Table(np.array([[np.nan, np.inf, -3.0, 1.0]]))
    assert table.scale == 3.0
    assert [table.cells(0, c)[0].level for c in range(3)] == [None, None, 0]


def test_both_numbers_have_one_scale() -> None:
    assert Table(np.array([[1.0]]), Beside(np.array([[-4.0]]))).scale == 4.0


def test_what_is_marked_is_what_the_check_compared() -> None:
    recorded = np.array([[1.0, 1e-4]], np.float32)
    right = np.array([[1.0 + 5e-8, 1.1e-4]])
    cells = [Table(recorded, Beside(right), np.array([[1.0 + 5e-8, 1e-4]])).cells(0, c)[0] for c in (0, 1)]
    assert [cell.wrong for cell in cells] == [False, True]
