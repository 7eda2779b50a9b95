"""Equations: a layer's mathematics as data, read from the docstring that people read."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any, NamedTuple


class Equations(NamedTuple):
    """`notation` says what the symbols are; `forward` and `backward` are equations, a line each."""

    notation: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]


def equations(layer: Any) -> Equations | None:
    """The equations of a layer, a loss, or a class of these: its own, else those of what it is a subclass of; or None.

    In a docstring, the notation is the paragraph that begins with "Notation:"; equations are the indented
    paragraph in which "forward" stands before the first equation of forward, "backward" before backward's.
    """
    cls = layer if isinstance(layer, type) else type(layer)
    return next((found for base in cls.__mro__ if (found := of_docstring(base.__doc__ or ""))), None)


@cache
def of_docstring(text: str) -> Equations | None:
    """The equations in a docstring, None where it has none."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(text))
    block = next((p for p in paragraphs if re.match(r"\s+forward\s", p)), None)
    if block is None:
        return None
    found: dict[str, list[str]] = {"forward": [], "backward": []}
    phase = "forward"
    for line in block.splitlines():
        head, _, rest = line.strip().partition(" ")
        phase, equation = (head, rest.strip()) if head in found else (phase, line.strip())
        found[phase].append(equation)
    notation = next((p for p in paragraphs if p.startswith("Notation:")), "")
    words = " ".join(notation.removeprefix("Notation:").split())
    return Equations(words, tuple(found["forward"]), tuple(found["backward"]))
