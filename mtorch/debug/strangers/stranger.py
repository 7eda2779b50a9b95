"""Stranger: somebody's object as a layer, for one forward call and its backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from mtorch.debug.events import Call
from mtorch.debug.gradcheck import Evidence
from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.copies import duplicate
from mtorch.debug.strangers.guessing import Loss
from mtorch.debug.strangers.leaves import alike, end_to_end, filled, given_arrays, numbers, rebuilt
from mtorch.debug.strangers.places import Place, arrays_in, attributes, get, put
from mtorch.layers.base import Array


class Ref:
    """Where backward is handed part of what its forward returned, such as a cache, left at a `place`, or was given."""

    __slots__ = ("leaf", "place", "steps")

    def __init__(self, steps: tuple[Any, ...], place: Place = (), leaf: int | None = None) -> None:
        self.steps, self.place, self.leaf = steps, place, leaf


@dataclass(frozen=True)
class Parameter:
    """A parameter and where backward leaves its gradient: at `gradient`; returned; or, with `lr`, in the update alone.

    With `unknown`, the update is by a learning rate that isn't known, `lr` standing in for it.
    `within` are the paths of the layers inside that use it, each with what it is called there; none for one of its own.
    """

    name: str
    place: Place
    gradient: Place | None = None
    lr: float | None = None
    within: tuple[tuple[str, str], ...] = ()
    unknown: bool = False
    returned: int | None = None
    """The number of its gradient among the arrays that backward returns, where that is known by shapes."""


@dataclass(frozen=True)
class Forward:
    """A call: of `template`'s holes, `inputs` are what may be differentiated for, by name, and `constants` the others.

    `outputs` are the numbers of the result's arrays that count; several are laid end to end. `loss` is the method that
    was called after it, with its arguments, or one that was guessed, where that is what is differentiated.
    `left` is where the result is, if it isn't returned.
    """

    method: str
    template: Any
    inputs: Mapping[str, int]
    constants: Mapping[int, Array]
    outputs: tuple[int, ...] = (0,)
    loss: tuple[str, Any] | Loss | None = None
    left: Place | None = None


@dataclass(frozen=True)
class Backward:
    """Its backward call: `shapes` are those of the gradients that it is handed; `results` are the slots of what it
    returns, names of inputs and of parameters, None for anything else; or of what it leaves at the places `left`.
    """

    method: str
    template: Any
    shapes: tuple[tuple[int, ...], ...]
    results: tuple[str | None, ...] = ()
    left: tuple[Place, ...] = ()


@dataclass
class Stranger:
    """Has what the engine asks of a layer: forward, backward, parameters, gradients.

    `target` is a copy of the object. Every call is made with the luck that the recorded one had.
    """

    parameters_one_by_one: ClassVar[bool] = True
    """Parameters that are not among those set stay as they are."""

    target: Any
    call: Forward
    back: Backward | None
    owned: tuple[Parameter, ...]
    chance: Chance
    name: str | None = None
    saved: list[Any] = field(default_factory=list)
    buffers: dict[str, Array] = field(default_factory=dict)
    training: bool = True
    inner: dict[str, tuple[Any, Stranger]] = field(default_factory=dict)
    """By path, the objects inside that were called by this one, and what their calls are like."""
    updated: dict[str, Array] = field(default_factory=dict)
    """Parameters as its backward left them, of those that it updates itself."""
    outside: dict[str, tuple[Any, Stranger]] = field(default_factory=dict)
    """The same of objects that it called but doesn't hold, which copies call, too."""
    repair: Callable[[Call, Set[str]], Call | None] | None = None
    """Makes of its call, and the paths of what is wrong inside, the call as it would be if that were right."""
    edit: Callable[[Call, Evidence], Any] | None = None
    """Finds the edit of its backward's source that makes a gradient right, None where none does."""
    stands: dict[tuple[Parameter, ...], list[Place]] = field(default_factory=dict)
    mends: dict[str, Any] = field(default_factory=dict)
    """By slot, the edit of its backward's source that makes a gradient right, or None, once that was looked for."""
    _given: Any = None
    _result: Any = None
    _left: dict[str, Array] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> Stranger:
        made, copies = object.__new__(type(self)), dict[int, Any]()
        made.__dict__.update(self.__dict__)
        made.target, made._left = duplicate(self.target, copies), dict(self._left)
        made._given, made._result = duplicate(self._given, copies), duplicate(self._result, copies)
        there = {path: (copies.get(id(thing)), like) for path, (thing, like) in self.inner.items()}
        made.inner = {path: pair for path, pair in there.items() if pair[0] is not None}
        return made

    def train(self, mode: bool = True) -> None:
        if isinstance(getattr(self.target, "training", None), bool):
            self.target.training = mode

    @property
    def within(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The layers inside that use them, by the names of those parameters that are theirs."""
        return {p.name: p.within for p in self.owned if p.within}

    def children(self) -> Iterator[Any]:
        return iter(())

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(self.call.inputs)

    @property
    def grad_input_names(self) -> tuple[str, ...]:
        return tuple(f"grad_{name}" for name in self.call.inputs)

    @property
    def parameters(self) -> dict[str, Array]:
        return {p.name: np.asarray(get(self.target, p.place)) for p in self.owned}

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        """An array that is at several places of the object is put at all of them."""
        wanted: dict[int, tuple[Array, Array]] = {}
        for p in self.owned:
            old, value = get(self.target, p.place), values.get(p.name)
            # One may stand here under two names, of which only one is changed.
            if value is not None and (value.dtype != old.dtype or not np.array_equal(value, old)):
                wanted[id(old)] = old, value
        for place in self._stands() if wanted else ():
            old, value = wanted.get(id(get(self.target, place)), (None, None))
            if old is not None:
                put(self.target, place, alike(value, old))

    def _stands(self) -> list[Place]:
        """All places where parameters are; looked for once for all copies, as they are alike."""
        if self.owned not in self.stands:
            own = {id(get(self.target, p.place)) for p in self.owned}
            places = [place for place, array in arrays_in(self.target).items() if id(array) in own]
            self.stands[self.owned] = [*dict.fromkeys([*(p.place for p in self.owned), *places])]
        return self.stands[self.owned]

    @property
    def gradients(self) -> dict[str, Array]:
        left = {p.name: get(self.target, p.gradient) for p in self.owned if p.gradient is not None}
        found = {name: array for name, array in {**left, **self._left}.items() if isinstance(array, np.ndarray)}
        return {name: np.asarray(array) for name, array in found.items()}

    @gradients.setter
    def gradients(self, values: Mapping[str, Array]) -> None:
        self._left = {}
        for p in self.owned:
            if p.gradient is not None and p.name in values and get(self.target, p.gradient) is not None:
                put(self.target, p.gradient, alike(np.array(values[p.name]), get(self.target, p.gradient)))

    def forward(self, *inputs: Array) -> Any:
        arrays = {**self.call.constants, **dict(zip(self.call.inputs.values(), inputs, strict=True))}
        self._given = filled(self.call.template, [arrays[n] for n in range(len(arrays))])
        args, kwargs = self._given
        for thing, inner in self.outside.values():  # what a copy shares is as it was then; see surroundings.py
            for name, value in attributes(duplicate(inner.target, {})).items():
                object.__setattr__(thing, name, value)
        self.chance.again()
        self._result = getattr(self.target, self.call.method)(*args, **kwargs)
        if self.call.left is not None:
            self._result = get(self.target, self.call.left)
        counted = self._result
        if isinstance(self.call.loss, Loss):
            _, output = numbers(counted)[self.call.outputs[0]]
            return np.asarray(self.call.loss(output))
        if self.call.loss is not None:
            method, (args, kwargs) = self.call.loss[0], rebuilt(self.call.loss[1], self._recalled)
            counted = getattr(self.target, method)(*args, **kwargs)
        arrays_out = [array for _, array in numbers(counted)]
        return end_to_end([arrays_out[n] for n in self.call.outputs])

    def backward(self, grad_output: Array) -> Any:
        """The gradients of the inputs, in their order; those of parameters are left in `gradients`."""
        back = self.back
        if back is None:
            raise TypeError("this call had no backward")
        # Where none is handed, what comes back is for a gradient of 1.
        factor = 1.0 if back.shapes else float(grad_output)
        ends = np.cumsum([int(np.prod(shape)) for shape in back.shapes])[:-1]
        split = np.split(np.ravel(grad_output), ends) if back.shapes else []
        if len(split) == 1 and grad_output.size != np.prod(back.shapes[0]):
            parts = [grad_output]  # of another batch than the recorded one
        else:
            parts = [part.reshape(shape) for part, shape in zip(split, back.shapes, strict=True)]
        args, kwargs = filled(rebuilt(back.template, self._recalled), parts)
        before = {p.name: np.array(get(self.target, p.place)) for p in self.owned if p.lr is not None}
        returned = getattr(self.target, back.method)(*args, **kwargs)
        if back.left:
            returned = [get(self.target, place) for place in back.left]
        result = [array for _, array in numbers(returned)]
        found = {slot: factor * array for slot, array in zip(back.results, result, strict=False) if slot is not None}
        self._left = {p.name: found[p.name] for p in self.owned if p.name in found}
        for p in self.owned:
            if p.lr is not None:
                self._left[p.name] = factor * (before[p.name] - np.asarray(get(self.target, p.place))) / p.lr
            elif factor != 1 and p.gradient is not None and get(self.target, p.gradient) is not None:
                put(self.target, p.gradient, factor * get(self.target, p.gradient))
        given = [found.get(name) for name in self.call.inputs]
        return given[0] if len(given) == 1 else tuple(given)

    def _recalled(self, value: Any) -> Any:
        if not isinstance(value, Ref):
            return value
        if value.leaf is not None:
            return given_arrays(self._given)[value.leaf]
        if value.place:
            return get(self.target, value.place)
        found = self._result
        for step in value.steps:
            found = found[step]
        return found
