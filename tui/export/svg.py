"""SVG: the screen of an app that runs, in one file."""

from __future__ import annotations

import re
from typing import Any

from textual.app import App


def screen(app: App[Any], title: str) -> str:
    """What shows, as SVG. It names no font on the network, and keeps the tree's indent where spaces are dropped."""
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", app.export_screenshot(title=title), flags=re.DOTALL)
    return drawn.replace("<svg ", '<svg xml:space="preserve" ', 1)
