from __future__ import annotations

import pytest

from mtorch.debug.events import Address, Event
from tui.viewmodels.searching import following, matches

PLACES = ("0 forward", "0 forward rnn.tanh t=1", "0 forward rnn.tanh t=10", "0 backward rnn.tanh t=1")
EVENTS = [
    Event(index, Address.parse(place), "", 0, None, index + 1, {"grad_h0": None} if "backward" in place else {})  # type: ignore[dict-item]
    for index, place in enumerate(PLACES)
]
SAID = {2: ["✗ stale-cache: this is the derivative at the input of t=10"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rnn", [1, 2, 3]),
        ("RNN", []),
        ("t=1$", [1, 3]),
        ("^forward.*t=", [1, 2]),
        ("stale", [2]),
        ("GRAD", []),
        ("grad_h", [3]),
        (r"\S=1$", [1, 3]),
        ("rnn[", []),
        ("x{9999999999}", []),
    ],
)
def test_places_tensors_and_findings_are_searched(text: str, found: list[int]) -> None:
    assert matches(EVENTS, SAID, text) == found


@pytest.mark.parametrize(
    ("at", "by", "which"), [(0, 1, 0), (2, 1, 1), (4, 1, 1), (9, 1, 0), (9, -1, 2), (2, -1, 2), (4, -1, 0), (0, 5, 1)]
)
def test_after_the_last_match_comes_the_first(at: int, by: int, which: int) -> None:
    assert following([2, 5, 7], at, by) == which
