from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.viewmodels.strip import strip


def line(names: list[str], chosen: int, room: int, wrong: str = "") -> str:
    return "".join(text for text, _ in strip(names, [name in wrong for name in names], chosen, room))


def test_all_that_fits() -> None:
    assert line(["x", "grad"], 1, 20, "grad") == " x [grad ✗]"


def test_what_is_cut_has_a_sign() -> None:
    names = ["aaaa", "bbbb", "cccc", "dddd"]
    assert [line(names, chosen, 14) for chosen in range(4)] == [
        "[aaaa] bbbb ›",
        " aaaa [bbbb]›",
        "‹ bbbb [cccc]›",
        "‹ cccc [dddd]",
    ]


def test_a_name_that_is_longer_than_the_room() -> None:
    assert line(["a", "b" * 30, "c"], 1, 10) == "‹[bbbbbb…›"


@given(st.lists(st.text("a字", min_size=1, max_size=9), min_size=1, max_size=8), st.data(), st.integers(4, 30))
def test_the_chosen_one_shows_in_any_room(names: list[str], data: st.DataObject, room: int) -> None:
    parts = strip(names, [False] * len(names), data.draw(st.integers(0, len(names) - 1)), room)
    assert sum(chosen for _, chosen in parts) == 1
    assert sum(cell_len(text) for text, _ in parts) <= room
