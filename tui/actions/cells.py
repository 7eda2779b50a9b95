"""Cells: what is done with the chosen cell: where it changes, setting it, watching it."""

from __future__ import annotations

from typing import Any

from mtorch.debug.branches import cell_name, require_training
from mtorch.debug.cells import MOST, next_value, parameter_at, settable
from mtorch.debug.origins import last_change, next_change
from mtorch.debug.recording.window import Window
from mtorch.debug.session import Going, Stopped
from mtorch.debug.spans import plural
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.actions.whatif import beyond
from tui.viewmodels.branching import change_words
from tui.viewmodels.kinds import is_real
from tui.viewmodels.numbers import cell


class Cells:
    """What the app takes from here; it is an app with a position, a trace and a table."""

    wanted: tuple[str, tuple[int, ...]] | None = None
    """The tensor and the cell to be shown where a run arrives."""
    to_choose: tuple[int, ...] | None = None
    """The cell to be chosen once its tensor shows."""

    @property
    def chosen_cell(self: Any) -> tuple[str, tuple[int, ...]] | None:
        """The tensor that shows first and the index of its chosen cell; None, and it is said, where there is none."""
        index = self.table.cell
        if self.position is None or self.trace is None or index is None:
            self.say("no number shows here: step into it")
            return None
        return self.chosen, index

    def _parameter(self: Any, tensor: str) -> str | None:
        """The path of the parameter that a tensor of this event shows."""
        events = self.trace.events
        known = {event.address.path for event in events if event.address.phase == "update"}
        return parameter_at(events[self.position.event], tensor, known)

    def action_cell_change(self: Any, by: int) -> None:
        """The next event, or the one before, where the chosen cell changed: at once where nothing must run for it."""
        times = self.counted()
        if (at := self.free()) is None or (shown := self.chosen_cell) is None:
            return
        tensor, index = shown
        path = self._parameter(tensor)

        def found(there: Position, going: Going) -> Position | None:
            if path is None:
                return next_value(self.session, there, tensor, index, by < 0, going)
            if by < 0:
                return last_change(self.session, path, index, there, going=going)
            stop = int(min(there.iteration + 1 + MOST, self.session.end))
            return next_change(self.session, path, index, there, going=going, stop=stop)

        def job(going: Going) -> tuple[Position, str]:
            there, count = at, 0
            while count < times and (other := found(there, going)) is not None:
                there, count = other, count + 1
            name = cell_name(path or tensor, index)
            lost = (
                "before this" if by < 0 and path else f"within {MOST} iterations {'before' if by < 0 else 'after'} this"
            )
            if not count:
                return at, beyond(f"{name} has no other value {lost}", self.session)
            event = self.session.trace(there.iteration, going).events[there.event]
            if path is None:
                name = cell_name(tensor, index)
                said = f"{name} is {cell(event.tensors[tensor][index], 'exact')} here"
            else:
                said = change_words(event, path, index)
            # A branch begins at an event that hasn't the parameter.
            self.wanted = next(((name, index) for name in (tensor, "delta") if name in event.tensors), None)
            return there, said + (f"; it changed only {plural(count, 'time')} {lost}" if count < times else "")

        try:
            self.arrive(*job(lambda _: False))
        except Stopped:
            self.say_running("looking for a change")
            self.run_far(job)
        except BaseException as error:  # a user's own layers may raise anything, sys.exit too
            self.fail(error)

    def action_set_here(self: Any) -> None:
        """The command line, with `set` of the chosen cell."""
        if self.free() is None or (shown := self.chosen_cell) is None:
            return
        tensor, index = shown
        try:
            if isinstance(self.session, Window):
                self.session.seek(self.position.iteration)  # which says why nothing can be set
            require_training(self.session.training)
            known = self.session.training.model.state_dict()
            name, array = settable(self.trace.events[self.position.event], tensor, known)
            if not is_real(array):
                raise MtorchError(f"{tensor} is of {array.dtype}: set takes real numbers")
        except MtorchError as error:
            self.say(str(error))
            return
        self.action_command(f"set {cell_name(name, index)} = {number(array[index])}")

    def action_watch_here(self: Any) -> None:
        """The command line, with a watch of the chosen cell where it is a parameter's."""
        index, path = self.table.cell, None
        if index is not None and self.position is not None and self.trace is not None:
            path = self._parameter(self.chosen)
        self.action_command("watch " + (cell_name(path, index) if path else ""))


def number(value: Any) -> str:
    """As `set` takes it: as many digits as tell it from its neighbours."""
    return str(value) if value.dtype.kind == "f" else str(int(value))
