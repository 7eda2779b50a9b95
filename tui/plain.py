"""Plain text: words out of data, safe to print on a terminal."""

from __future__ import annotations


def plain(text: object) -> str:
    """A text in one line; what would steer a terminal (ESC, bidi marks, lone surrogates) becomes �."""
    return printable(" ".join(str(text).split()))


def printable(text: str) -> str:
    """The same with its spaces as they are."""
    return "".join(c if c.isprintable() else "�" for c in text)
