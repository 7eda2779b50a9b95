"""Goldens: texts that a view gave once and is to give again. UPDATE=1 writes them anew, to be read in the diff."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).with_name("goldens")


def same(name: str, text: str) -> None:
    """Fails where a text is not the one kept under that name."""
    path, text = FOLDER / f"{name}.txt", text.rstrip("\n") + "\n"
    if os.environ.get("UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"no golden {path.name}: UPDATE=1 writes it"
    kept = path.read_text()
    assert text == kept, f"{name} is not as it was; it is now\n{text}"
