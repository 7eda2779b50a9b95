"""Messages: what widgets and workers tell the app."""

from __future__ import annotations

from textual.message import Message

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.session import Session
from mtorch.debug.sources import Place, Sources
from mtorch.debug.timeline import Position


class Jump(Message):
    """Go to an event, of this iteration where no other is named."""

    def __init__(self, event: int, iteration: int | None = None) -> None:
        super().__init__()
        self.event, self.iteration = event, iteration


class Checked(Message):
    """An iteration's check in a session is done, or could not be; with `more`, its health is still looked at."""

    def __init__(self, session: Session, iteration: int, failure: str = "", more: bool = False) -> None:
        super().__init__()
        self.session, self.iteration, self.failure, self.more = session, iteration, failure, more


class Compared(Message):
    """A tensor's numerical gradient is there, in its report, or could not be had."""

    def __init__(self, report: Report, event: int, tensor: str, failure: str = "") -> None:
        super().__init__()
        self.report, self.event, self.tensor, self.failure = report, event, tensor, failure


class Arrived(Message):
    """A long run has come to where it was sent, or says why not. `error` is what a layer raised on the way."""

    def __init__(self, position: Position | None, words: str = "", error: BaseException | None = None) -> None:
        super().__init__()
        self.position, self.words, self.error = position, words, error


class Moved(Message):
    """The position is another one, and not shown yet. Of several, as from a key held down, the last is shown."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Moved)


class Running(Message):
    """A long run is at this iteration."""

    def __init__(self, iteration: int) -> None:
        super().__init__()
        self.iteration = iteration

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Running)


class Working(Message):
    """Something in the background takes long: what, and how far it is."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Working)


class Traced(Message):
    """The terms of a number, at a place in a trace, are there, or can't be told."""

    def __init__(self, trace: Trace, place: Place, found: Sources | None, failure: str = "") -> None:
        super().__init__()
        self.trace, self.place, self.found, self.failure = trace, place, found, failure


class Resized(Message):
    """What shows in a widget depends on its size, and that has changed."""


class Chosen(Message):
    """Another cell of a table is the chosen one."""
