"""What is typed after the colon."""

from __future__ import annotations

import pytest

from mtorch.errors import MtorchError
from tui.commands import chosen


@pytest.mark.parametrize(
    ("words", "numbers"), [("", [1, 2, 5, 6]), ("2", [2]), ("5-9 1", [1, 5, 6]), ("1,2", [1, 2]), ("2 1-2", [1, 2])]
)
def test_numbers_are_listed_and_ranged_as_in_gdb(words: str, numbers: list[int]) -> None:
    assert chosen("delete", words, [1, 2, 5, 6]) == numbers


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("7", "no breakpoint 7; there are 1, 2, 5, 6"),
        ("1 3-4", "no breakpoint 3-4; there are 1, 2, 5, 6"),
        ("x", "delete expects a breakpoint's number, or several such as 2 4-6, got 'x'"),
        ("1-", "got '1-'"),
        ("1-999999999999", "got '1-999999999999'"),
    ],
)
def test_what_is_no_number_of_theirs_is_said(words: str, said: str) -> None:
    with pytest.raises(MtorchError, match=said):
        chosen("delete", words, [1, 2, 5, 6])
