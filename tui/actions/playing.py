"""Playing: stepping on by itself, so many events per second."""

from __future__ import annotations

from typing import Any

from textual.timer import Timer
from textual.widgets import Input

from mtorch.debug.hits import finders_of, together
from mtorch.debug.session import Going
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError

SPEEDS = (1, 2, 5, 10, 20, 60)
"""Events per second."""


class Plays:
    """What the app takes from here; it is an app that moves, with `stops`.

    It plays until something else moves it, or it comes to where `c` would stop, or nothing more can be run.
    """

    speed = 2
    """Which of the SPEEDS."""
    beating: Timer | None = None
    _stood: Position | None = None
    """Where the last step of ours began, while it is under way; else where it came to."""
    _under_way = False

    @property
    def playing(self) -> bool:
        return self.beating is not None

    def action_play(self: Any) -> None:
        if self.script is not None and self.script.headless:
            raise MtorchError("play steps on by itself on a screen, until a key; continue runs to where it would stop")
        if self.playing:
            self.stop_playing()
            self.say(f"stopped; {self.key_of('play')} plays on")
        elif (at := self.free()) is not None:
            self._stood, self._under_way = at, False
            self._play()

    def _play(self: Any) -> None:
        self.beating = self.set_interval(1 / SPEEDS[self.speed], self.beat)
        self._say_so()

    def _say_so(self: Any) -> None:
        keys = [self.key_of(name) for name in ("play", "slower", "faster")]
        self.say(f"▶ {SPEEDS[self.speed]} a second; {keys[0]} stops, {keys[1]} is slower, {keys[2]} faster")

    def stop_playing(self: Any) -> None:
        if self.beating is not None:
            self.beating.stop()
            self.beating = None

    def action_speed(self: Any, by: int) -> None:
        self.speed = max(0, min(len(SPEEDS) - 1, self.speed + by))
        if self.playing:
            self.stop_playing()
            self._play()
        else:
            self.say(f"{SPEEDS[self.speed]} a second; {self.key_of('play')} plays")

    def beat(self: Any) -> None:
        """One step, if nothing else has moved since the one before, or wants keys."""
        if not self.playing or self.running is not None:
            return
        if self.position != self._stood:
            self.stop_playing()
            return
        if self.screen.is_modal or isinstance(self.focused, Input):
            self.action_play()
            return
        at = self._stood = self.position
        self._halted: list[str] = []

        def job(going: Going) -> tuple[Position, str]:
            there = self.session.move(at, "into", going)
            if words := self._halt(there, going):
                self._halted.append(words)
            return there, words

        self._under_way = True
        self.go(job, at.iteration + (at.event + 1 == len(self.trace.events)))
        if self.running is None:
            self.came()

    def came(self: Any) -> None:
        """A run is over; if it was a step of ours, go on, unless there is a reason not to, which was said."""
        if not self._under_way:
            return
        self._under_way = False
        if self._halted or self.position == self._stood:
            self.stop_playing()
        else:
            self._say_so()
        self._stood = self.position

    def _halt(self: Any, there: Position, going: Going) -> str:
        """Why to stop at a place, as `c` would; "" where there is no reason."""
        enabled = self.stops.enabled
        report = self.session.known_report(there.iteration)
        if report and (not enabled or any(stop.on == "finding" for stop in enabled)):
            for finding in report.findings:
                if finding.event == there.event:
                    return f"{finding.cause}; {self.key_of('play')} plays on"
        places = [stop for stop in enabled if stop.on != "finding"]
        finders = finders_of(self.session, places, going) if places else []
        hits = [hit for finder in finders for hit in finder.all(there.iteration) if hit.position == there]
        return together(hits, there).words if hits else ""
