from __future__ import annotations

import pytest

from tui.viewmodels.help import Entry, matching

ENTRIES = [
    Entry("Moving", "s f11", "step: the next event", "step"),
    Entry("Moving", "S", "step back", "reverse-step"),
    Entry("Commands", "goto", "goto ADDRESS: go to an event"),
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["s f11", "S", "goto"]),
        ("event", ["s f11", "goto"]),
        ("STEP", ["s f11", "S"]),
        ("step back", ["S"]),
        ("s", ["s f11"]),
        ("S", ["S"]),
        ("moving f11", ["s f11"]),
        ("reverse", ["S"]),
        ("nothing", []),
    ],
)
def test_every_word_must_occur(text: str, names: list[str]) -> None:
    found = matching(ENTRIES, text)
    assert [entry.name for entries in found.values() for entry in entries] == names
    assert all(found.values())
