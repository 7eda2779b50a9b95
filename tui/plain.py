"""Plain text: words out of data, safe to print on a terminal."""

from __future__ import annotations


def plain(text: object) -> str:
    """A text in one line; what would steer a terminal (ESC, bidi marks, lone surrogates) becomes �."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(str(text).split()))


def aligned(text: str) -> str:
    """The same with all its spaces, as of a table's row."""
    return " ".join(map(plain, text.split(" ")))
