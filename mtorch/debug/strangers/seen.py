"""Seen: a call of a stranger's method while it is observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.places import Place, arrays_in
from mtorch.debug.strangers.stranger import Parameter
from mtorch.debug.tracer import Node
from mtorch.layers.base import Array


@dataclass
class Seen(Node):
    """A call of a stranger's method, with what it takes to make it again."""

    method: str = ""
    template: Any = None
    leaves: list[Array] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    """What the method itself calls its arguments; `names` are what is shown."""
    left: dict[str, Place] = field(default_factory=dict)
    """Where it put what it did not return: the output, "", or the gradients of inputs, by name."""
    ids: dict[int, int | None] = field(default_factory=dict)
    """Of what it was given, by identity: which of the `leaves` it is."""
    arguments: Any = None
    """What it was given, held so that nothing else comes to have its identity."""
    result: Any = None
    given: list[tuple[str, Array]] = field(default_factory=list)
    chance: Chance | None = None
    parts: list[tuple[Any, tuple[Any, ...]]] = field(default_factory=list)
    """Of a forward: what there is in its result, each with the way to it."""
    scalar: tuple[str, Any, float] | None = None
    memo: dict[int, Any] = field(default_factory=dict)
    """The copies in `twin` of a forward, and in `copy` and `again` of a backward, by the ids of what they are of."""
    live: Any = None
    """Its arguments, as they were handed."""
    copy: Any = None
    again: Any = None
    """The layer as it was before a backward, and its arguments."""
    after: Any = None
    afterwards: dict[int, Any] = field(default_factory=dict)
    """The layer as a call left it, and the copies in it by the ids of what they are of."""
    held_copies: list[tuple[Any, Any]] = field(default_factory=list)
    """Of a forward: the arrays that its layer had afterwards, each with its copy."""
    late: dict[int, Any] = field(default_factory=dict)
    """Of a backward: copies of those of them that its layer has no more, by their ids."""
    grads: list[Array] = field(default_factory=list)
    owned: tuple[Parameter, ...] = ()
    contributions: dict[str, Array] = field(default_factory=dict)
    leftover: tuple[str, ...] = ()
    """Of a backward: the parameters whose gradients it added to those of the iteration before."""
    had_backward: bool = False
    updated: dict[str, Array] = field(default_factory=dict)
    doubtful: bool = False
    """Of a backward: whether what it was handed isn't called a gradient, and may be targets."""


def everything(nodes: list[Any]) -> Iterator[Any]:
    for node in nodes:
        yield node
        yield from everything(node.children)


def arrays_of(target: Any, node: Seen) -> dict[Place, Array]:
    """A layer's arrays, without those of the layers that were called inside it."""
    inner = {id(child.layer) for child in node.children}
    return arrays_in(target, lambda value: id(value) in inner)


def arrays_after(node: Seen) -> dict[Place, Array]:
    """The same of the copy of the layer as the call left it."""
    inner = {id(node.afterwards.get(id(child.layer))) for child in node.children}
    return arrays_in(node.after, lambda value: id(value) in inner)


def originals(memo: dict[int, Any]) -> dict[int, int]:
    """The ids of what was copied, by those of the copies."""
    return {id(copied): original for original, copied in memo.items()}
