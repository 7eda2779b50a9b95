"""History: what was typed after the colon, kept from one session to the next."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

MOST = 500
"""Lines that are kept, the latest."""

LARGEST = 1_000_000
"""Bytes. A larger file is none of ours."""


class History:
    """`lines` are the oldest first. Without a path they are kept for this session alone."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.lines = self._read()
        self._at = len(self.lines)
        self._draft = ""

    def _read(self) -> list[str]:
        """What the file has; nothing, where it is none of ours or can't be read."""
        try:
            if self.path is None or not self.path.is_file() or self.path.stat().st_size > LARGEST:
                return []
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except (OSError, ValueError):
            return []
        return [line for line in lines if line and line.isprintable()][-MOST:]

    def add(self, line: str) -> None:
        """As the latest. What another debugger added meanwhile stays."""
        before = self._read() if self.path else self.lines
        self.lines = [*(kept for kept in before if kept != line), line][-MOST:]
        self._at, self._draft = len(self.lines), ""
        if self.path is not None:
            # By a rename, so that a reader never sees half a file; where that can't be, they are this session's alone.
            part = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
                os.replace(part, self.path)
            except (OSError, ValueError):
                self.path = None
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)

    def browse(self, by: int, current: str, start: str = "") -> str:
        """The line before (-1) or after (1) the one that shows, of those that begin with `start`; after the latest,
        what was being typed.
        """
        if self._at == len(self.lines):
            self._draft = current
        like = [at for at, line in enumerate(self.lines) if line.startswith(start)]
        if by < 0:
            self._at = max((at for at in like if at < self._at), default=min(like, default=self._at))
        else:
            self._at = min((at for at in like if at > self._at), default=len(self.lines))
        return self._draft if self._at == len(self.lines) else self.lines[self._at]

    def begin(self) -> None:
        """A new line is being typed."""
        self._at, self._draft = len(self.lines), ""
