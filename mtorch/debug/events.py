"""Events of a training run and their addresses; a trace is one iteration's events in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from mtorch.debug.naming import is_input, position
from mtorch.errors import MtorchError
from mtorch.layers.base import Array

PHASES = ("forward", "loss", "backward", "update")
DIGITS = 9
EXPECTED = f"expected ITERATION [{'|'.join(PHASES)}] [PATH] [t=T]"


@dataclass(frozen=True)
class Address:
    """ITERATION PHASE PATH [t=T], such as "42 backward rnn.tanh t=3"."""

    iteration: int
    phase: str
    path: str = ""
    t: int | None = None

    def __str__(self) -> str:
        step = "" if self.t is None else f"t={self.t}"
        return " ".join(filter(None, (str(self.iteration), self.phase, self.path, step)))

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address in a text, or in a breadcrumb such as "iteration 42 › backward › rnn › t=3 › tanh".

        A > does for ›, and #2, which is said of the second of several calls that are no time steps, for t=1. Of several
        time steps the innermost counts. Raises MtorchError that says what was expected.
        """
        text = re.sub(r"(?<=\s)>(?=\s)", "›", text)
        _, branch, rest = text.partition(" · iteration ")  # which a branch's breadcrumb begins with
        words = (rest if branch else text).replace("›", " ").split()
        words = [f"t={int(word[1:]) - 1}" if re.fullmatch(r"#[1-9]\d{0,8}", word, re.ASCII) else word for word in words]
        if words[:1] == ["iteration"]:
            words = words[1:]
        number, phase, *inside = words if len(words) > 1 else [*words, "forward"] if words else ["", ""]
        steps = [word.removeprefix("t=") for word in inside if word.startswith("t=")]
        names = [word for word in inside if not word.startswith("t=")]
        # Without the breadcrumb's signs, a layer in a layer is written with a dot, or stands behind a time step.
        beside = any(not (a.startswith("t=") or b.startswith("t=")) for a, b in pairwise(inside))
        numbers = (number, *steps)
        if (
            (beside and "›" not in text)
            or phase not in PHASES
            or not all(re.fullmatch("[0-9]+", digits) for digits in numbers)
        ):
            raise MtorchError(f"{EXPECTED}, got {text.strip()!r}")
        if max(map(len, numbers)) > DIGITS:
            raise MtorchError(f"{EXPECTED}, numbers of at most {DIGITS} digits, got {text.strip()[:40]!r}")
        return cls(int(number), phase, ".".join(names), int(steps[-1]) if steps else None)


@dataclass(frozen=True)
class Call:
    """What a check needs of one backward call: the layer as it was before its forward, and what passed."""

    layer: Any
    inputs: tuple[Array, ...]
    grad_output: Array
    gradients: Mapping[str, Array]
    """The call's own: of each input, by its slot ("#0", "#1", …), and of each parameter, by name."""
    names: Mapping[str, str]
    """What the tensors are called: "#0" -> "grad_input", "weight" -> "grad_weight"."""
    inside: tuple[str, ...] = ()
    """The paths of the layer and of all within it, in their order."""
    spread: bool = False
    """Whether the inputs are arguments of their own, instead of one."""
    tolerance: float = 1e-6
    """How far off a gradient may be, as a share of its size: what was computed in single precision is not exact."""
    least: float = 1e-4
    """The size that a gradient counts as having at the least, as a share of grad_output's norm."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What forward was called with."""
        return as_arguments(self.inputs, self.spread)

    @property
    def slots(self) -> list[str]:
        """What there is to differentiate for: the inputs of floats, unless backward gave no gradient of any input (a
        first layer may not), and the layer's own parameters.
        """
        known = any(map(is_input, self.gradients))
        numeric = [f"#{i}" for i, x in enumerate(self.inputs) if known and x.dtype.kind == "f"]
        return [*numeric, *self.layer.parameters]

    def value(self, slot: str) -> Array:
        """What a slot stands for."""
        found: Array = self.inputs[position(slot)] if is_input(slot) else self.layer.parameters[slot]
        return found


def is_step(events: Sequence[Event], event: Event) -> bool:
    """Whether its t is a time step, that of a call of the layer around it. Else it is the number of a call."""
    parent = None if event.parent is None else events[event.parent]
    return event.label == f"t={event.address.t}" or (parent is not None and parent.address.t == event.address.t)


def as_arguments(inputs: Sequence[Array], spread: bool) -> tuple[Any, ...]:
    """Inputs as forward takes them: each by itself, or in one tuple where there are several."""
    return tuple(inputs) if spread or len(inputs) == 1 else (tuple(inputs),)


@dataclass(frozen=True)
class Event:
    """One thing that happened: a call of a layer, a time step, the loss, an update of a parameter.

    Events of a trace are numbered in the order in which they began; those inside event i are i + 1 … end - 1.
    """

    index: int
    address: Address
    label: str
    depth: int
    parent: int | None
    end: int
    tensors: Mapping[str, Array] = field(default_factory=dict)
    call: Call | None = None
    equations: tuple[str, ...] = ()
    """What should have been computed, in the symbols of the code."""
    mutated: tuple[str, ...] = ()
    """Of a backward: the layer's attributes whose arrays were changed in place since its forward."""
    unchecked: str = ""
    """Of a backward without a `call`: why it can't be checked."""

    @property
    def results(self) -> tuple[str, ...]:
        """The names of the tensors that came out of it; all others went in."""
        phase, names = self.address.phase, tuple(self.tensors)
        if phase == "backward":
            return tuple(name for name in names if not name.startswith("grad_output"))
        if phase == "forward":
            return tuple(name for name in names if name.startswith("output"))
        return tuple(name for name in names if name in ("value", "grad_output", "delta") or name.endswith(" after"))


def in_time(events: Sequence[Event]) -> Iterator[tuple[Event, str]]:
    """Each event with each of its tensors' names, in the order in which the numbers came to be there.

    An event's results follow all that is inside it. Time steps, which only collect the tensors of what is inside,
    are left out.
    """
    around: list[Event] = []
    for event in (*events, None):
        while around and (event is None or around[-1].end <= event.index):
            done = around.pop()
            yield from ((done, name) for name in done.results)
        if event is not None and event.label != f"t={event.address.t}":
            around.append(event)
            yield from ((event, name) for name in event.tensors if name not in event.results)


@dataclass(frozen=True)
class Trace:
    """One iteration, event by event. `loss` is the loss per element.

    `accumulated` has, by the path and name of each parameter, its gradient before and after the whole
    backward pass, None where there was none.
    """

    iteration: int
    loss: float
    events: tuple[Event, ...]
    accumulated: Mapping[tuple[str, str], tuple[Array | None, Array | None]] = field(default_factory=dict)

    def find(self, address: Address) -> int:
        """The first event at the address, without a path that of the phase. Raises MtorchError where there is none."""
        for event in self._at(address):
            if address.t is None or event.address.t == address.t:
                return event.index
        if not address.path and address.t is None:  # there is no one layer around all others
            for event in self.events:
                if event.address.phase == address.phase:
                    return event.index
        steps = sorted({e.address.t for e in self._at(address) if e.address.t is not None})
        if steps:
            raise MtorchError(f"nothing at {str(address)!r}; there, t is {steps[0]}…{steps[-1]}")
        if any(self._at(address)):
            raise MtorchError(f"nothing at {str(address)!r}; there are no time steps")
        paths = dict.fromkeys(e.address.path for e in self.events if e.address.phase == address.phase)
        known = ", ".join(path for path in paths if path) or "nothing inside"
        raise MtorchError(f"nothing at {str(address)!r}; {address.phase} has {known}")

    def _at(self, address: Address) -> Iterator[Event]:
        """The events of that phase and path, at any time step."""
        sought = (address.phase, address.path)
        return (event for event in self.events if (event.address.phase, event.address.path) == sought)
