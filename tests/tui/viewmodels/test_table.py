from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis.extra import numpy as hnp

from tui.viewmodels.table import Table


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)))
def test_an_array_of_any_rank_has_every_number_in_one_cell(array: np.ndarray) -> None:
    table = Table(array)
    assert table.rows * table.columns == array.size
    for row in range(table.rows):
        for column in range(table.columns):
            (cell,) = table.cells(row, column)
            assert cell.text and not cell.wrong


def test_rows_are_labelled_by_all_axes_but_the_last() -> None:
    table = Table(np.zeros((10, 32, 4)))
    assert [table.row_label(row) for row in (0, 31, 32, 319)] == ["0,0", "0,31", "1,0", "9,31"]
    assert table.label_width >= len("9,31") + 1


def test_a_vector_is_a_row() -> None:
    assert (Table(np.zeros(5)).rows, Table(np.zeros(5)).columns, Table(np.zeros(())).rows) == (1, 5, 1)


def test_the_right_number_stands_beside_and_a_wrong_one_is_marked() -> None:
    table = Table(np.array([[1.0, 2.0]]), np.array([[1.0, 2.1]]))
    assert [(c.text, c.wrong) for c in table.cells(0, 0)] == [("+1.0000", False), ("+1.0000", False)]
    assert [(c.text, c.wrong) for c in table.cells(0, 1)] == [("+2.0000", True), ("+2.1000", False)]
    assert table.column_width > 2 * Table(np.zeros((1, 1))).column_width - 3


def test_where_the_right_number_is_not_known_nothing_is_marked() -> None:
    assert not Table(np.array([[5.0]]), np.array([[np.nan]])).cells(0, 0)[0].wrong


def test_a_nan_where_a_number_should_be_is_marked() -> None:
    assert Table(np.array([[np.nan]]), np.array([[1.0]])).cells(0, 0)[0].wrong


def test_numbers_that_are_not_finite_leave_the_scale_alone() -> None:
    table = Table(np.array([[np.nan, np.inf, -3.0, 1.0]]))
    assert table.scale == 3.0
    assert [table.cells(0, c)[0].level for c in range(3)] == [None, None, 0]


def test_both_numbers_have_one_scale() -> None:
    assert Table(np.array([[1.0]]), np.array([[-4.0]])).scale == 4.0


def test_what_is_marked_is_what_the_check_compared() -> None:
    recorded = np.array([[1.0, 1e-4]], np.float32)
    right = np.array([[1.0 + 5e-8, 1.1e-4]])
    cells = [Table(recorded, right, np.array([[1.0 + 5e-8, 1e-4]])).cells(0, c)[0] for c in (0, 1)]
    assert [cell.wrong for cell in cells] == [False, True]
