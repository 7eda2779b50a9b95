"""A program in a pseudo-terminal, as a person has it: keys go in, and what it draws is read and timed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

PATIENCE = 60.0
"""Seconds until a screen that never comes is given up."""

TRUECOLOUR = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Terminal:
    """The screen is made of what was read when it is looked at: until then, making it would hold the program up.

    `pieces` are what was read, each with when it came, by time.perf_counter().
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        columns: int = 80,
        lines: int = 24,
        environment: Mapping[str, str] = TRUECOLOUR,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.pieces: list[tuple[float, bytes]] = []
        self._seen = 0
        self.home = tempfile.TemporaryDirectory()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "MTORCH_HOME": self.home.name, **environment},
            start_new_session=True,
        )
        os.close(slave)

    def keys(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, seconds: float) -> bytes | None:
        """What comes first within that time; None where nothing does, b"" where the other end is closed."""
        ready, _, _ = select.select([self.master], [], [], max(0.0, seconds))
        if not ready:
            return None
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # Linux's way of saying that the other end is closed
            data = b""
        self.pieces.append((time.perf_counter(), data))
        return data

    def until(self, seen: Callable[[], bool]) -> None:
        deadline = time.perf_counter() + PATIENCE
        while not seen():
            data = self.read(deadline - time.perf_counter())
            assert data is not None, f"not seen in {PATIENCE} s:\n{self.text}"
            if not data:
                self.process.wait(PATIENCE)
                assert seen(), f"ended early:\n{self.text}"
                return

    def shows(self, *words: str) -> None:
        self.until(lambda: all(word in self.text for word in words))

    def quiet(self, seconds: float) -> float:
        """Read until nothing has come for that long; when the last of it came."""
        while self.read(seconds):
            pass
        return self.came

    @property
    def came(self) -> float:
        """When the last piece was read; when the program was started, before the first."""
        return self.pieces[-1][0] if self.pieces else self.began

    @property
    def raw(self) -> bytes:
        return b"".join(data for _, data in self.pieces)

    def when(self, *words: str) -> float:
        """When the screen first showed all these words; to be asked before it is looked at."""
        while True:
            self.quiet(0.3)
            for number in range(self._seen, len(self.pieces)):
                came, data = self.pieces[number]
                self.stream.feed(data)
                self._seen = number + 1
                if all(word in "\n".join(self.screen.display) for word in words):
                    return came
            assert self.process.poll() is None, f"ended early:\n{self.text}"

    @property
    def text(self) -> str:
        for _, data in self.pieces[self._seen :]:
            self.stream.feed(data)
        self._seen = len(self.pieces)
        return "\n".join(self.screen.display)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        self.home.cleanup()
