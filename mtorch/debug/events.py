"""Events of a training run and their addresses; a trace is one iteration's events in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtorch.errors import MtorchError
from mtorch.layers.base import Array

PHASES = ("forward", "loss", "backward", "update")


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
        """The address in a text. Raises MtorchError that says what was expected."""
        match = re.fullmatch(r"\s*(\d{1,9})(?:\s+([a-z]+))?(?:\s+(?!t=)(\S+))?(?:\s+t=(\d{1,9}))?\s*", text)
        if not match or (match[2] and match[2] not in PHASES):
            raise MtorchError(f"expected ITERATION [{'|'.join(PHASES)}] [PATH] [t=T], got {text.strip()!r}")
        return cls(int(match[1]), match[2] or "forward", match[3] or "", None if match[4] is None else int(match[4]))


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

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What forward was called with."""
        return as_arguments(self.inputs, self.spread)


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
        """The first event at the address. Raises MtorchError where there is none."""
        for event in self.events:
            if (event.address.phase, event.address.path) == (address.phase, address.path) and (
                address.t is None or event.address.t == address.t
            ):
                return event.index
        paths = dict.fromkeys(e.address.path for e in self.events if e.address.phase == address.phase)
        known = ", ".join(path for path in paths if path) or "nothing inside"
        raise MtorchError(f"nothing at {str(address)!r}; {address.phase} has {known}")
