"""Keeping: what is written down of a run, and leaving without losing it."""

from __future__ import annotations

import os
from typing import Any

from rich.filesize import decimal

from mtorch.debug.spans import plural
from tui.guest import what


class Keeps:
    """What the app takes from here; it is an app with a notebook, branches, `stops` and a position."""

    @property
    def left(self: Any) -> dict[str, Any]:
        """What is to be found again when the run is opened again, besides notes."""
        branches = [branch.texts() for branch in self.branches.made.values()]
        left: dict[str, Any] = {}
        if self.address:
            left |= {"position": self.address, "breakpoints": self.stops.as_texts()}
        if branches or "branches" in self.notebook.left:
            made = {name: self.branches.known(name) for name in self.branches.made}
            lengths = {name: len(session.losses) for name, session in made.items() if session}
            left |= {"branches": branches, "branch": self.branches.current}
            left["lengths"] = {**self.notebook.lengths, **lengths}
        return left

    @property
    def address(self: Any) -> str:
        """Where the screen is; "" before it is anywhere."""
        return str(self.trace.events[self.position.event].address) if self.trace and self.position else ""

    def action_save(self: Any, path: str) -> None:
        if self.free() is None:
            return
        try:
            size = self.notebook.save(self.branches.trunk, os.path.expanduser(path), self.left)
        except Exception as error:  # the target's own file may be gone, its batches may raise anything
            self.refuse(what(error))
            return
        self.warned = ""
        said = plural(len(self.branches.trunk.losses), "iteration is", "iterations are")
        self.say(f"{said} in {self.notebook.saved} ({decimal(size)}); mtorch replay opens it")

    def interrupt(self: Any) -> None:
        """Ctrl-C."""
        if self.running is not None:
            self.action_stop()
        else:
            self.say(f"{self.key_of('quit')} quits")

    def may_leave(self: Any) -> bool:
        """Whether nothing would be lost, or that was said already; else it is said now."""
        lost = self.notebook.unsaved(self.left)
        if not lost or lost == self.warned:
            return True
        self.warned = lost
        self.say(lost)
        return False
