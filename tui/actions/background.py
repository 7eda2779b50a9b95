"""Background: work that holds nobody up, and that says after a while how far it is; esc stops it, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.worker import get_current_worker

from mtorch.debug.spans import plural
from tui.messages import Working

GROUPS = ("check", "compare", "sources")
"""The workers that these are."""

LONG = 1.0
"""Seconds after which it is said what is under way."""

STOPPED = "stopped; the next move begins it anew"
STOPPED_HERE = "stopped; coming here again begins it anew"


class Background:
    """What the app takes from here; it is an app with workers, and what Judges has."""

    said = ""
    """What was said last, before progress took its place."""
    _progressing = False

    def asked(self: Any, doing: str) -> Callable[..., bool]:
        """Of a worker: whether to go on, to be asked often; tells how often it was."""
        worker, count, next_word = get_current_worker(), 0, time.monotonic() + LONG

        def going(*_: object) -> bool:
            nonlocal count, next_word
            count += 1
            if time.monotonic() > next_word and not worker.is_cancelled:
                next_word = time.monotonic() + 0.1
                self.post_message(Working(self.till_stopped(f"{doing}: {plural(count, 'call')} so far")))
            return not worker.is_cancelled

        return going

    def under_way(self: Any) -> list[Any]:
        """The workers in the background that were not told to stop."""
        return [w for w in self.workers if w.group in GROUPS and not (w.is_cancelled or w.is_finished)]

    def on_working(self: Any, message: Working) -> None:
        if self.running is None and self.under_way():
            self._progressing = True
            self._put(message.words)

    def rest(self: Any) -> None:
        """Something in the background is done: what was said before is said again."""
        if self._progressing:
            self._progressing = False
            self._put(self.said)

    def stop_background(self: Any) -> None:
        stopped = self.under_way()
        if not stopped:
            return
        for worker in stopped:
            worker.cancel()
        self.say(STOPPED_HERE if self.checking is None else STOPPED)
        if self.checking is not None:
            self.failures[self.checking], self.checking = STOPPED, None
        self.uncompared.update(dict.fromkeys(self.comparing, STOPPED_HERE))
        self.comparing.clear()
        self.show()

    def forget_stopped(self: Any) -> None:
        """Another place shows: what was stopped there is begun anew when one comes back."""
        for known in (self.failures, self.uncompared):
            for key in [key for key, why in known.items() if why in (STOPPED, STOPPED_HERE)]:
                del known[key]
