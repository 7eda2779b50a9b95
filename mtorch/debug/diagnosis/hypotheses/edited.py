"""Hypotheses about a stranger's source: a small change to it makes the gradient right."""

from __future__ import annotations

from mtorch.debug.diagnosis.hypotheses.case import Case, Guess


def edited(case: Case) -> Guess | None:
    """Right with one edit of backward, or of a function that it calls."""
    edit_of = getattr(case.layer, "edit", None)
    made = edit_of(case.call, case.found) if edit_of is not None else None
    if made is None:
        return None
    edit = made.edit
    said = f"is right with {edit.words}, in line {edit.line} of {made.where}"
    return Guess(edit.cause, said, {"edit": edit.words, "line": edit.line, "file": made.where})
