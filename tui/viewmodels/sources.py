"""Where a number comes from, in words."""

from __future__ import annotations

from mtorch.debug.sources import Sources
from mtorch.debug.spans import plural
from tui.plain import plain

WRONG = 1e-3
"""A share that no rounding of single precision explains."""

SHOWN = 200
"""Terms that are listed one by one."""


def heading(found: Sources) -> str:
    """What the number is, and what its terms are."""
    count = len(found.terms)
    if found.kind == "slopes":
        return plain(f"{found.place} = {found.value:.6g}; it moves by so much with each of what went in:")
    handed = count == 1 and found.terms[0].value == found.value
    several = "its one term" if count == 1 else f"the sum of {count} terms, largest first"
    made = "handed on from" if handed else several
    missed = ""
    if abs(found.off) > WRONG * max(abs(found.value), abs(found.value - found.off)):
        missed = f"; but {'that is' if count == 1 else 'they add up to'} {found.value - found.off:.6g}"
        if found.value:
            missed += f", {(found.value - found.off) / found.value:.6g} times what was recorded"
    elif found.off:
        missed = f"; rounding: {found.off:.1e}"
    return plain(f"{found.place} = {found.value:.6g}, {made}{missed}")


def lines(found: Sources) -> list[str]:
    """A line for each of the largest terms, and one for the rest."""
    told = [plain(f"{term.value:+.5g}".rjust(12) + f"  {term.words}") for term in found.terms[:SHOWN]]
    if rest := found.terms[SHOWN:]:
        total = sum(term.value for term in rest) + found.rest
        told.append(f"{total:+.5g}".rjust(12) + f"  {plural(len(rest), 'smaller one', 'smaller ones together')}")
    return told
