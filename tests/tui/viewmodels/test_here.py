from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.viewmodels.here import cut, here, spread, wrap


def test_what_fits_is_whole_and_equations_follow() -> None:
    assert here(["one two three", "four"], ["y = x", "z = y"], 8, 4) == (["one two", "three", "four"], ["  y = x"])


def test_what_does_not_fit_is_a_line_each() -> None:
    said = ["one two three", "four five six", "seven eight"]
    assert here(said, ["y"], 8, 4) == (["one two", "three", "four fi…", "seven e…"], [])
    assert here(said, ["y"], 8, 3) == (["one two…", "four fi…", "seven e…"], [])


def test_what_is_missing_is_counted() -> None:
    assert here(["a", "b", "c", "d"], ["y"], 30, 3) == (["a", "b", "… and 2 more: see findings"], [])
    assert here(["a", "b"], [], 30, 1) == (["… and 2 more: see findings"], [])


words = st.text(st.sampled_from("ab 字…"), max_size=40)


@given(st.lists(words, max_size=6), st.lists(words, max_size=3), st.integers(2, 12), st.integers(0, 6))
def test_it_never_takes_more_room_than_there_is(said: list[str], more: list[str], width: int, height: int) -> None:
    lines, equations = here(said, more, width, height)
    assert len(lines) + len(equations) <= height
    assert all(cell_len(line) <= width for line in lines + equations)


@given(words, st.integers(2, 12))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)


def test_cut() -> None:
    assert [cut(text, 4) for text in ("abcd", "abcde", "字字字")] == ["abcd", "abc…", "字…"]


def test_texts_are_spread_over_the_lines_that_there_are() -> None:
    texts = ["a b c d", "e", "f g h i j"]
    assert list(spread(texts, 3, 2)) == [(0, "a…"), (1, "e"), (2, "f…")]
    assert list(spread(texts, 3, 4)) == [(0, "a b"), (0, "c d"), (1, "e"), (2, "f…")]
    assert list(spread(texts, 3, 9)) == [(0, "a b"), (0, "c d"), (1, "e"), (2, "f g"), (2, "h i"), (2, "j")]
