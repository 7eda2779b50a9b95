"""Branches: what would have been if. A number is changed at an iteration's start, and the run goes on from there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtorch.debug.diagnosis.findings import Finding
from mtorch.debug.events import Trace
from mtorch.debug.naming import numbered
from mtorch.debug.report import Report
from mtorch.debug.session import Going, Session
from mtorch.errors import MtorchError, unknown
from mtorch.layers.base import Array
from mtorch.training import Batches, State, Training

TRUNK = "trunk"
"""What the run itself is called."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
CELL = re.compile(r"(?P<name>.+?)\s*(\[(?P<index>[0-9, ]*)\])?", re.DOTALL)
DIGITS = 9


@dataclass(frozen=True)
class Edit:
    """One number set: a parameter's or buffer's by its path, an input's or a target's by its name, or "lr"."""

    name: str
    index: tuple[int, ...]
    value: float

    def __str__(self) -> str:
        return f"{cell_name(self.name, self.index)} = {repr(self.value).removesuffix('.0')}"

    @classmethod
    def parse(cls, text: str) -> Edit:
        """The edit in words such as "rnn.linear.weight[3,7] = 0.5". Raises MtorchError that says what was expected."""
        cell, equals, number = (part.strip() for part in text.rpartition("="))
        try:
            if not equals or not number.isascii() or "_" in number:
                raise ValueError
            value = float(number)
        except ValueError:
            wanted = "lr" if text.split("=")[0].strip() == "lr" else "NAME[i,j]"
            raise MtorchError(f"expected {wanted} = NUMBER, got {text.strip()[:60]!r}") from None
        if math.isinf(value) and "inf" not in number.lower():
            raise MtorchError(f"expected a number of at most {np.finfo(float).max:.2g}, or inf, got {number[:40]}")
        return cls(*parse_cell(cell), value)


def parse_cell(text: str) -> tuple[str, tuple[int, ...]]:
    """The name and the index in words such as "rnn.linear.weight[3,7]"; without brackets, the index is ()."""
    found = CELL.fullmatch(text.strip())
    if re.search(r"\[[^]]*-\s*[0-9]", text):
        raise MtorchError(f"an index is 0 or more, got {text.strip()[:60]!r}")
    digits = [part.strip() for part in (found["index"] or "").split(",")] if found else [""]
    if found is None or not all(0 < len(n) <= DIGITS and n.isdigit() for n in digits if found["index"] is not None):
        raise MtorchError(f"expected NAME[i,j], got {text.strip()[:60]!r}")
    return found["name"], tuple(int(n) for n in digits if n)


def cell_name(name: str, index: tuple[int, ...]) -> str:
    """rnn.linear.weight[3,7]"""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def require_cell(name: str, index: tuple[int, ...], array: Array) -> None:
    """Raise MtorchError unless the index is that of one number of the array."""
    if len(index) != array.ndim:
        axes = "no index" if not array.ndim else f"{array.ndim} number{'s' * (array.ndim > 1)} in [ ]"
        raise MtorchError(f"{name} has the shape {array.shape}: expected {axes}, got {cell_name(name, index)}")
    if any(i >= size for i, size in zip(index, array.shape, strict=True)):
        raise MtorchError(f"{cell_name(name, index)} is out of range: {name} has the shape {array.shape}")


def edited(array: Array, edit: Edit) -> Array:
    """A copy of the array with the number set. Raises MtorchError for an index or a number that it can't have."""
    require_cell(edit.name, edit.index, array)
    copy = np.array(array)
    if copy.dtype.kind in "iub":
        limits = np.iinfo(copy.dtype) if copy.dtype.kind in "iu" else None
        low, high = (limits.min, limits.max) if limits else (0, 1)
        if not (edit.value.is_integer() and low <= int(edit.value) <= high):
            number = str(edit).rpartition("= ")[2]
            raise MtorchError(f"{edit.name} holds {copy.dtype}: expected a whole number in {low}…{high}, got {number}")
    elif copy.dtype.kind in "fc":
        most = float(np.finfo(copy.dtype).max)
        if math.isfinite(edit.value) and abs(edit.value) > most:
            where = cell_name(edit.name, edit.index)
            raise MtorchError(f"{where}: {copy.dtype} holds at most {most:.2g}, got {edit.value:g}")
    with np.errstate(over="ignore"):
        copy[edit.index] = copy.dtype.type(int(edit.value) if copy.dtype.kind in "iu" else edit.value)
    return copy


def parse_edits(text: str) -> tuple[Edit, ...]:
    """Edits separated by semicolons."""
    return tuple(Edit.parse(part) for part in text.split(";") if part.strip())


@dataclass(frozen=True)
class Branch:
    """What a branch is: its name, the name of what it leaves, and the edits at the start of which iteration."""

    name: str
    parent: str
    iteration: int
    edits: tuple[Edit, ...]

    def texts(self) -> list[str]:
        """As it is stored: four texts."""
        return [self.name, self.parent, str(self.iteration), "; ".join(map(str, self.edits))]

    @classmethod
    def from_texts(cls, texts: list[str]) -> Branch:
        """The branch that was stored so. Raises MtorchError for what was not."""
        name, parent, iteration, edits = texts
        if not NAME.fullmatch(name) or not re.fullmatch(f"[0-9]{{1,{DIGITS}}}", iteration):
            raise MtorchError(f"expected a branch's name and iteration, got {name[:40]!r} and {iteration[:40]!r}")
        return cls(name, parent, int(iteration), parse_edits(edits))


class EditedBatches:
    """Another's batches, of which one comes with numbers set."""

    def __init__(self, batches: Batches, at: int, edits: tuple[Edit, ...], names: tuple[str, ...]) -> None:
        self.batches, self.at, self.edits, self.names = batches, at, edits, names

    def batch(self, number: int) -> tuple[Any, Any]:
        inputs, targets = self.batches.batch(number)
        if number == self.at:
            for edit in self.edits:
                inputs = with_edit(inputs, input_names(inputs, self.names), edit)
                targets = with_edit(targets, target_names(targets), edit)
        return inputs, targets


def parts_of(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def input_names(inputs: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """What the inputs are called at the network's forward event."""
    count = len(parts_of(inputs))
    return names if len(names) == count else numbered("input", count)


def target_names(targets: Any) -> tuple[str, ...]:
    return numbered("target", len(parts_of(targets)))


def with_edit(value: Any, names: tuple[str, ...], edit: Edit) -> Any:
    """One array or several under those names, with the number set in the one that the edit names."""
    parts = [edited(np.asarray(p), edit) if n == edit.name else p for n, p in zip(names, parts_of(value), strict=True)]
    return type(value)(parts) if isinstance(value, tuple | list) else parts[0]


class BranchSession(Session):
    """The run of a branch: a copy of its parent's training that starts at iteration `at`, with numbers set.

    All before is the parent's, which is never altered. Making one runs the parent to that iteration; raises Stopped
    where `going` says no, MtorchError for an edit that can't be made.
    """

    def __init__(self, parent: Session, at: int, edits: tuple[Edit, ...], going: Going = lambda _: True) -> None:
        parent.seek(at, going)
        with parent.still():
            state, twin = parent.state(at), copied(parent.training)
        self.parent, self.at, self.edits = parent, at, edits
        twin.load_state(apply(twin, state, at, edits))
        super().__init__(twin, None, parent.checkpoints.budget, parent.blame, first=at)
        self.ward.limits = parent.ward.limits
        self.losses = parent.losses[:at]
        self.seconds = parent.seconds

    def seek(self, iteration: int, going: Going = lambda _: True) -> None:
        super().seek(iteration, going) if iteration >= self.at else self.parent.seek(iteration, going)

    def state(self, iteration: int, going: Going = lambda _: True) -> State:
        return super().state(iteration, going) if iteration >= self.at else self.parent.state(iteration, going)

    def visit(
        self, first: int, stop: int, look: Callable[[int, State], bool], going: Going = lambda _: True
    ) -> int | None:
        found = self.parent.visit(first, min(stop, self.at), look, going)
        return super().visit(max(first, self.at), stop, look, going) if found is None else found

    def _traced(self, iteration: int, going: Going) -> tuple[State, Trace]:
        return super()._traced(iteration, going) if iteration >= self.at else self.parent._traced(iteration, going)

    def distance(self, iteration: int) -> int:
        return super().distance(iteration) if iteration >= self.at else self.parent.distance(iteration)

    def report(self, iteration: int, going: Going = lambda _: True, *, exhaustive: bool = False) -> Report:
        if iteration < self.at:
            return self.parent.report(iteration, going, exhaustive=exhaustive)
        return super().report(iteration, going, exhaustive=exhaustive)

    def known_report(self, iteration: int) -> Report | None:
        return super().known_report(iteration) if iteration >= self.at else self.parent.known_report(iteration)

    def health(self, iteration: int, going: Going = lambda _: True) -> tuple[Finding, ...]:
        return super().health(iteration, going) if iteration >= self.at else self.parent.health(iteration, going)

    def known_health(self, iteration: int) -> tuple[Finding, ...] | None:
        return super().known_health(iteration) if iteration >= self.at else self.parent.known_health(iteration)


def require_training(training: Training) -> None:
    """Raises MtorchError for what only runs as one: a stranger's program has no model in which numbers could be set."""
    if not hasattr(training, "model"):
        raise MtorchError("set works on a mtorch.Training only; build(seed) made something else")


def copied(training: Training) -> Training:
    """A copy of a training that shares its data; each array keeps its dtype."""
    require_training(training)
    twin = training.astype(training.dtype)
    for mine, own in zip(twin.model.layers(), training.model.layers(), strict=True):
        mine.parameters, mine.buffers = dict(own.parameters), dict(own.buffers)
    return twin


def apply(training: Training, state: State, at: int, edits: tuple[Edit, ...]) -> State:
    """The state with the edits; learning rate and batches are the training's own, and are set there."""
    model, names = dict(state.model), training.model.sequential.input_names
    in_batch = []
    for edit in edits:
        if edit.name in model:
            model[edit.name] = edited(model[edit.name], edit)
        elif edit.name == "lr" and hasattr(training.optimizer, "lr"):
            require_cell("lr", edit.index, np.array(0.0))
            if not math.isfinite(edit.value):
                raise MtorchError(f"lr: expected a finite number, got {edit.value}")
            training.optimizer.lr = edit.value
        else:
            in_batch.append(edit)
    if in_batch:
        inputs, targets = training.batches.batch(at)
        known = (*input_names(inputs, names), *target_names(targets))
        for edit in in_batch:
            if edit.name not in known:
                raise MtorchError(unknown("number to set", edit.name, ("lr", *known, *model)))
        training.batches = EditedBatches(training.batches, at, tuple(in_batch), names)
        training.batches.batch(at)
    return state._replace(model=model)


def lineage(session: Session) -> Iterator[Session]:
    """A session, what it left, and so on to the trunk."""
    yield session
    while isinstance(session, BranchSession):
        session = session.parent
        yield session


def before_edits(session: Session, iteration: int) -> Session:
    """The one of a session's lineage that ran the iteration before, and whose state at the start holds no edit yet."""
    return next(s for s in lineage(session) if not isinstance(s, BranchSession) or s.at < iteration)


def parting(a: Session, b: Session) -> int:
    """The first iteration that two sessions of one trunk don't share."""
    lines = [list(lineage(a)), list(lineage(b))]
    common = next(session for session in lines[0] if session in lines[1])
    left = [s for line in lines for s in line[: line.index(common)]]
    return min((s.at for s in left if isinstance(s, BranchSession)), default=0)


class Branches:
    """The trunk and its branches by name; `current` is the name of the one that is looked at.

    A branch's session is made when it is asked for: branches that were stored cost nothing before.
    """

    def __init__(self, trunk: Session) -> None:
        self.trunk, self.current = trunk, TRUNK
        self.made: dict[str, Branch] = {}
        self._sessions: dict[str, Session] = {TRUNK: trunk}

    def restore(self, stored: Iterable[list[str]]) -> None:
        """Take over branches from texts; what isn't one, or has no parent here, is passed over."""
        for texts in stored:
            try:
                branch = Branch.from_texts(texts)
            except MtorchError:
                continue
            if branch.parent in self.names() and branch.name not in self.names():
                self.made[branch.name] = branch

    def names(self) -> list[str]:
        return [TRUNK, *self.made]

    def owner(self, iteration: int) -> str:
        """The name of what an iteration is of: the current one, or, before its start, what that one left."""
        name = self.current
        while name != TRUNK and iteration < self.made[name].iteration:
            name = self.made[name].parent
        return name

    def add(self, at: int, edits: tuple[Edit, ...], name: str = "", going: Going = lambda _: True) -> Branch:
        """A branch of the current one, or of what that one is before it has left its parent."""
        if not edits:
            raise MtorchError("expected NAME[i,j] = NUMBER, got nothing")
        name = name or next(n for i in range(1, len(self.made) + 2) if (n := f"branch{i}") not in self.made)
        if not NAME.fullmatch(name):
            raise MtorchError(f"expected a name of letters, digits, _ . -, beginning with a letter, got {name[:60]!r}")
        if name in self.names():
            raise MtorchError(f"there is a branch called {name!r} already")
        parent = self.owner(at)
        branch = Branch(name, parent, at, edits)
        self._sessions[name] = BranchSession(self.session(parent, going), at, edits, going)
        self.made[name] = branch
        return branch

    def session(self, name: str, going: Going = lambda _: True) -> Session:
        """The session of that name. Raises MtorchError where there is none, Stopped where `going` says no."""
        if name not in self._sessions:
            branch = self.branch(name)
            parent = self.session(branch.parent, going)
            self._sessions[name] = BranchSession(parent, branch.iteration, branch.edits, going)
        return self._sessions[name]

    def known(self, name: str) -> Session | None:
        """The session where there is one already."""
        return self._sessions.get(name)

    def branch(self, name: str) -> Branch:
        if name not in self.made:
            raise MtorchError(unknown("branch", name, self.names()))
        return self.made[name]

    def remove(self, name: str) -> None:
        """Forget a branch. Raises MtorchError for the one that is looked at, and for one that has branches itself."""
        if name == TRUNK:
            raise MtorchError(f"{TRUNK} is the run itself, and stays")
        self.branch(name)
        if name == self.current:
            raise MtorchError(f"{name} is what you are looking at; branch {TRUNK} leaves it")
        if own := [b.name for b in self.made.values() if b.parent == name]:
            raise MtorchError(f"{name} has branches of its own: {', '.join(own)}")
        del self.made[name]
        self._sessions.pop(name, None)
