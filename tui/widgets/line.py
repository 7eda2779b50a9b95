"""Putting text into a Static, where it is another than stands there already."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


def put(static: Static, content: Text | str) -> None:
    """Without a layout, as it moves no widget; nothing is drawn where nothing changed."""
    if looks(static.content) != looks(content):
        static.update(content, layout=False)


def looks(content: object) -> object:
    """What two contents have in common that look the same; a Text's own == leaves its style out."""
    return (content.plain, content.spans, content.style) if isinstance(content, Text) else content
