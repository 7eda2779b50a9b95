"""Diffing: another run beside the one that shows. Every move moves both."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from mtorch.debug.events import Event, Trace
from mtorch.debug.lockstep import FAR, Other, Step, next_divergence, previous_divergence
from mtorch.debug.session import Going, Session
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from mtorch.layers.base import Array
from tui import targets
from tui.actions.viewing import FIRST
from tui.opening import open_target
from tui.plain import plain
from tui.viewmodels.diffing import counterpart, differing_words, event_words, headings, step_words, tensor_words
from tui.viewmodels.kinds import is_real
from tui.viewmodels.place import breadcrumb, top
from tui.viewmodels.table import Beside
from tui.wanted import Wanted

OPTION = re.compile(r"\s+(\w+=\S+)$")


class Diffs:
    """What the app takes from here; it is an app with a session, a position and a trace."""

    other: Other | None
    """The run beside this one; None where there is none."""

    @property
    def step(self: Any) -> Step | None:
        """What shows of both runs."""
        shown = self.other.shown if self.other else None
        return shown if shown is not None and shown.one is self.trace else None

    @property
    def own_name(self: Any) -> str:
        """What the run that shows is called, so that it isn't called as the other one is."""
        name = self.branches.current if len(self.branches.names()) > 1 else named(self.target)
        return name if self.other is None or name != self.other.name else f"this {name}"

    @property
    def greeting(self: Any) -> str:
        """What is said first where there is another run from the start."""
        return f"{self.other.name} is beside this: {self._diff_keys}"

    @property
    def _diff_keys(self: Any) -> str:
        return f"{self.key_of('continue')} runs to where they part, {self.key_of('diff')} leaves it"

    def action_diff_mode(self: Any) -> None:
        """Leave the other run; or the command line, to name one."""
        if self.free() is None:
            return
        if self.other is not None:
            self.leave_other()
            return
        others = [name for name in self.branches.names() if name != self.branches.current]
        self.action_command(f"diff {others[0] if len(others) == 1 else ''}")

    def leave_other(self: Any) -> None:
        name, self.other = self.other.name, None
        self.say(f"{name} is no longer beside this")
        self.put_view(FIRST if self.broad else self.view)
        self.show()

    def action_diff(self: Any, words: str) -> None:
        name, options = parse(words)
        tolerance = tolerance_in(options)
        said = [f"{key}={value}" for key, value in options.items() if key != "tol"]

        def job(at: Position, going: Going) -> tuple[Position, str]:
            session = self._session_of(name, options, going)
            if session is self.session:
                raise MtorchError(f"this is {name}; diff expects another run")
            other = Other(session, " ".join([named(name), *said]), tolerance)
            step = other.step(self.session.trace(at.iteration, going), going)
            self.other = other
            if self.broad:
                self.call_later(self.put_view, None)  # two tables take the room
            return at, f"{step_words(step, self.own_name, other.name)}; {self._diff_keys}"

        self.start(job, f"bringing {named(name)} here")

    def _session_of(self: Any, name: str, options: Mapping[str, str], going: Going) -> Session:
        """Of a branch, else of a target, with this run's seed unless told."""
        if name in self.branches.names():
            if options.keys() - {"tol"}:
                raise MtorchError(f"{name} is a branch, which has no settings")
            return self.branches.session(name, going)  # type: ignore[no-any-return]
        own = self.notebook.target
        seed = options.get("seed", str(own.seed) if own and not targets.is_recording(name) else None)
        if seed is not None and not re.fullmatch("[0-9]{1,18}", seed):
            raise MtorchError(f"seed expects a whole number, 0 or more, got {seed!r}")
        settings = tuple(f"{key}={value}" for key, value in options.items() if key not in ("tol", "seed"))
        return open_target(Wanted(name, None if seed is None else int(seed), settings)).session

    def others_cost(self: Any, iteration: int) -> float:
        """Seconds that the other run should take to be at an iteration."""
        return self.other.cost(iteration) if self.other else 0.0

    def step_other(self: Any, trace: Trace, going: Going) -> Step | None:
        """Run the other one to where this one will be, if that will be another one."""
        beside = self.other is not None and self.other.session is not self.destination
        return self.other.step(trace, going) if beside else None

    def bring_other(self: Any, trace: Trace) -> None:
        """The other run to where this one is. It is left where this one has become the same."""
        if (step := self.step_other(trace, lambda _: True)) is None:
            self.other = None
        else:
            self.other.shown = step

    def beside(self: Any, event: int, tensor: str, array: Array | None) -> tuple[Beside | None, str]:
        """The other run's numbers of a tensor of this event, where they can stand beside its own, and what to say."""
        if array is None:
            return None, ""
        theirs = counterpart(self.step, event, tensor)
        halves, note = self.broad, tensor_words(self.step, event, tensor, self.other.name)
        if theirs is None or not (is_real(array) and is_real(theirs)):
            return None, note
        names = (self.own_name, self.other.name)
        named = names if halves else headings(*names)
        return Beside(theirs, *named, apart=True, tolerance=self.other.tolerance, halves=halves), note

    def crumb_beside(self: Any, events: tuple[Event, ...], index: int) -> Text:
        """The top line: whose two runs are at which event, and what differs. Short where there is no room for all."""
        whose, state = f"{self.own_name} | {self.other.name} · ", differing_words(self.step)
        width, left = self.size.width - 2, plain(whose + breadcrumb(events, index))
        if cell_len(left) + cell_len(state) >= width:
            left = plain(f"{whose}iteration {events[index].address}")
        return Text(top(left, state, width), no_wrap=True)

    @property
    def said_beside(self: Any) -> list[str]:
        """What there is to say of this event and the other run's."""
        return event_words(self.step, self.position.event, self.other.name) if self.step else []

    def to_divergence(self: Any, at: Position, back: bool) -> None:
        """To the next event whose numbers come apart, or to the one before, in a worker."""
        other = self.other

        def job(going: Going) -> tuple[Position, str]:
            if back:
                found = previous_divergence(self.session, other, at, going)
                return (at, f"nothing differs from {other.name} before this") if found is None else (found, "")
            found = next_divergence(self.session, other, at, going, FAR)
            if found is not None:
                return found, ""
            end = at.iteration + FAR
            return Position(end, 0), f"no difference in iterations {at.iteration}…{end - 1}; c goes on"

        self.say_running(f"comparing with {other.name}")
        self.run_far(job)


def parse(words: str) -> tuple[str, dict[str, str]]:
    """The run's name and what is said of it: rnn-sin-cos tol=1e-6 seed=1 hidden=8."""
    options: dict[str, str] = {}
    name = words.strip()
    while found := OPTION.search(name):
        key, _, value = found[1].partition("=")
        options, name = {key: value, **options}, name[: found.start()].rstrip()
    if not name or re.fullmatch(r"\w+=\S+", name):
        raise MtorchError("diff expects a branch, a scenario, a .py file or a recording, such as diff trunk tol=1e-6")
    return name, options


def tolerance_in(options: Mapping[str, str]) -> float:
    words = options.get("tol", "0")
    try:
        found = float(words)
        if not 0 <= found < math.inf:
            raise ValueError
    except ValueError:
        raise MtorchError(f"tol expects a number, 0 or more, got {words[:40]!r}") from None
    return found


def named(target: str) -> str:
    """A target's name without its folder."""
    return Path(target).name or target
