"""Running: going somewhere in the run, at once where that is short, else in a worker that reports."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual import work
from textual.events import Key
from textual.widgets import Input
from textual.worker import Worker, get_current_worker

from mtorch.debug.session import Going, Stopped
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.guest import GuestError, what
from tui.keymap import KEYS
from tui.messages import Arrived, Jump, Moved, Running

AT_ONCE = ("stop", "quit")
"""Ids of keys that wait for nothing."""

Job = Callable[[Going], "tuple[Position, str]"]
"""A run to somewhere: where it comes out, and what is to be said of it."""

SHORT = 0.05
"""Seconds. A run that should take less happens at once; any other in a worker."""

PATIENT = 1.0
"""Seconds from a run's beginning in which keys wait for its end; after that they act, or are refused, at once."""

HEARD = 2.0
"""Seconds that something said stays before a run's progress takes its place."""


class Runs:
    """What the app takes from here; it is an app with a session, a position, a trace and `say`."""

    running: Worker[None] | None = None
    began = 0.0
    """When the latest run did."""
    known = ""
    """What a run under way has found out so far."""
    unshown = False
    """Whether the position is another one than shows."""
    refused = ""
    """Why the latest that was not done was not."""

    def free(self: Any) -> Position | None:
        """Where we are, if a run can be begun from there; says so where one is under way."""
        if self.running is not None:
            self.refuse(f"still running: {self.key_of('stop')} stops it")
            return None
        return self.position

    def till_stopped(self: Any, words: str) -> str:
        """What is under way, and the key that stops it."""
        return f"{words} … {self.key_of('stop')} stops"

    def say_running(self: Any, words: str) -> None:
        self.say(self.till_stopped(words))

    def go(self: Any, job: Job, iteration: int) -> None:
        """Run a job that needs the given iteration's trace: at once where that is short, else in a worker."""
        if self.running is not None:
            self.free()
        elif self.session.distance(iteration) * self.session.seconds + self.others_cost(iteration) > SHORT:
            self.say_running(f"running to iteration {iteration}")
            self.run_far(job)
        else:
            try:
                self.arrive(*job(lambda _: True))
            except BaseException as error:  # a user's own layers may raise anything, sys.exit too
                self.fail(error)

    @work(thread=True, group="run", description="run", exit_on_error=False)
    def _run(self: Any, job: Job) -> None:
        worker, told, trained = get_current_worker(), time.monotonic(), len(self.session.losses)

        def going(iteration: int) -> bool:
            nonlocal told
            if time.monotonic() - told > 0.1:
                told = time.monotonic()
                self.post_message(Running(iteration))
            return not worker.is_cancelled

        try:
            position, words = job(going)
            self.step_other(self.destination.trace(position.iteration, going), going)
            self.post_message(Arrived(position, words))
        except Stopped:
            now = len(self.session.losses)
            self.post_message(Arrived(None, f"stopped; trained to iteration {now}" if now > trained else "stopped"))
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.post_message(Arrived(None, error=error))

    def run_far(self: Any, job: Job, known: str = "") -> None:
        self.known, self.wanted, self.entering, self.began = known, None, None, time.monotonic()
        self.running = self._run(job)
        self.set_timer(PATIENT, self.release)

    def keeps(self: Any, key: Key) -> bool:
        """Whether a key waits for the end of a run that began just now: who types ahead knows where it comes out."""
        if self.running is None or time.monotonic() - self.began > PATIENT or key.is_forwarded:
            return False
        now = {one for b in KEYS if b.id in AT_ONCE for one in self.config.keys.get(b.id, b.key).split(",")}
        return not (key.key in now | {"ctrl+c", "ctrl+q"} or self.screen.is_modal or isinstance(self.focused, Input))

    def refuse(self: Any, words: str) -> None:
        """Say why something that was asked for is not done."""
        self.refused = words
        self.say(words)

    def fail(self: Any, error: BaseException) -> None:
        """Say why a move came to nothing. What a layer raised stays on the screen until the place changes."""
        self.refuse(what(error))
        if isinstance(error, GuestError) or not isinstance(error, MtorchError):
            self.failed = what(error)
            self.show()

    def arrive(self: Any, position: Position, words: str) -> None:
        if self.entering is not None:
            (self.branches.current, self.session), self.entering = self.entering, None
        # Kept here, because the session is not to be had while it runs.
        self.trace = self.session.trace(position.iteration)
        self.bring_other(self.trace)
        if self.shown is not self.session:
            self.shown, self.failed = self.session, ""
            self._forget_checks()
        if self.position is None or position.iteration != self.position.iteration:
            self.checking = None
        if position != self.position:
            self.carried, self.failed = True, ""
            if self.tensor not in self.trace.events[position.event].tensors:
                self.tensor = None
            self.forget_stopped()
        self.position = position
        wanted, self.wanted = self.wanted, None
        if wanted is not None:
            (self.tensor, self.to_choose), self.carried = wanted, False
        if self.session.inexact is not None and not words:
            words = f"careful: iteration {self.session.inexact} came out otherwise when it was run again"
        self.say(words)
        self.unshown = True
        self.post_message(Moved())

    def on_moved(self: Any) -> None:
        if not self.unshown:
            return
        self.unshown = False
        self.show()
        index, self.to_choose = self.to_choose, None
        if index is not None:
            self.table.choose(index)

    def on_arrived(self: Any, message: Arrived) -> None:
        self.running = None
        if message.position is None:
            self.wanted = self.entering = None
        if message.error is not None:
            self.fail(message.error)
        elif message.position is None and self.position is None:  # stopped before there was anything to see
            self.run_far(lambda _: (Position(self.notebook.first, 0), message.words))
        elif message.position is None:
            self.say(message.words)
        else:
            self.arrive(message.position, message.words)
        self.came()
        self.led(message.position is not None)
        self.release()

    def on_running(self: Any, message: Running) -> None:
        if self.running is not None and time.monotonic() - self._told > HEARD:
            self._put(self.till_stopped(f"iteration {message.iteration}") + (self.known and f"; {self.known}"))

    def on_jump(self: Any, message: Jump) -> None:
        if self.position is not None:
            iteration = self.position.iteration if message.iteration is None else message.iteration
            self.go(lambda _: (Position(iteration, message.event), ""), iteration)

    def action_stop(self: Any) -> None:
        if self.take_digits():
            self.say("")
            return
        if self.playing:
            self.action_play()
        self.ahead.clear()
        if self.running is not None:
            self.running.cancel()
            self.say("stopping …")
        else:
            self.stop_background()
            self.stop_searching()
