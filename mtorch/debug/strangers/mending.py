"""Mending: a stranger's layer with right gradients in place of those that layers inside it give wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative, Unmeasured
from mtorch.debug.events import Call
from mtorch.debug.mended import MOST
from mtorch.debug.naming import input_gradients
from mtorch.debug.strangers.copies import duplicate
from mtorch.debug.strangers.leaves import Hole, alike, emptied, end_to_end, numbers, rebuilt
from mtorch.debug.strangers.places import get, put
from mtorch.debug.strangers.stranger import Stranger
from mtorch.debug.twins import twin
from mtorch.layers.base import Array


def repaired(call: Call, wrong: Set[str]) -> Call | None:
    """The call as it would be if the layers at the `wrong` paths inside it were right; None where that can't be had."""
    layer: Stranger = twin(call.layer)
    # What the layers inside leave as their parameters' gradients is judged where they are; and a learning rate that was
    # told by gradients says nothing any more.
    layer.owned = tuple(p for p in layer.owned if not p.within and not p.unknown)
    budget = Budget(MOST)
    called = {**layer.inner, **layer.outside}
    before = [(thing, type(thing)) for thing, _ in called.values()]
    try:
        for path, (thing, inner) in called.items():
            if path in wrong and not any(other in wrong for other in called if path.startswith(f"{other}.")):
                thing.__class__ = made_right(type(thing), inner, budget)
        layer.gradients = {name: np.zeros_like(p) for name, p in layer.parameters.items()}
        layer.forward(*call.arguments)
        result = layer.backward(call.grad_output)
    except Exception:  # Unmeasured; and with other numbers, a stranger's layer may raise anything
        return None
    finally:
        for thing, cls in before:
            thing.__class__ = cls
    own = {slot: gradient for slot, (_, gradient) in input_gradients(layer, result).items()}
    known = {p.name for p in layer.owned}
    gradients = {
        slot: g for slot, g in {**call.gradients, **layer.gradients, **own}.items() if slot[0] == "#" or slot in known
    }
    return replace(call, layer=replace(call.layer, owned=layer.owned), gradients=gradients)


def made_right(cls: type, inner: Stranger, budget: Budget) -> type:
    """A class for an object whose backward gives the numerical derivatives of its forward for its inputs."""
    calls: list[tuple[Any, Any, list[Array]]] = []
    method, spec = inner.call.method, inner.back
    if spec is None:
        raise Unmeasured

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = duplicate(self, {})
        before.__class__ = cls
        calls.append((before, *emptied((args, kwargs))))
        return getattr(cls, method)(self, *args, **kwargs)

    def backward(self: Any, *args: Any, **kwargs: Any) -> Any:
        before, template, leaves = calls.pop()
        handed = {n: np.array(part, np.float64) for n, part in holes(spec.template, (args, kwargs)).items()}
        result = cls.backward(self, *args, **kwargs)  # type: ignore[attr-defined]
        constants = {n: array for n, array in enumerate(leaves) if n not in inner.call.inputs.values()}
        here = replace(inner, target=before, call=replace(inner.call, template=template, constants=constants))
        inputs = tuple(leaves[n] for n in inner.call.inputs.values())
        grad_output = end_to_end([handed[n] for n in range(len(handed))]) if handed else np.array(1.0)
        derivative = Derivative(Call(here, inputs, grad_output, {}, {}, spread=True), budget)
        true = {}
        for number, name in enumerate(inner.call.inputs):
            true[name] = derivative.gradient(f"#{number}", grad_output)
            if not np.isfinite(true[name]).all():
                raise Unmeasured
        for place, slot in zip(spec.left, spec.results, strict=False):
            put(self, place, alike(true[slot or ""], get(self, place)))
        return result if spec.left else with_numbers(result, [true.get(slot or "") for slot in spec.results])

    return type(cls.__name__, (cls,), {"__slots__": (), method: forward, "backward": backward})


def holes(template: Any, value: Any) -> Mapping[int, Any]:
    """What stands where a template has its holes."""
    if isinstance(template, Hole):
        return {template.number: value}
    if isinstance(template, dict) and isinstance(value, dict):
        pairs = [(template[key], value[key]) for key in template if key in value]
    elif isinstance(template, list | tuple) and isinstance(value, list | tuple):
        pairs = list(zip(template, value, strict=False))
    else:
        pairs = []
    return {number: part for inner, other in pairs for number, part in holes(inner, other).items()}


def with_numbers(result: Any, replaced: list[Array | None]) -> Any:
    """What a backward returned, with other arrays in place of some of its arrays, in the order of `numbers`."""
    left = list(replaced)

    def part(value: Any) -> Any:
        if not numbers(value):
            return value
        other = left.pop(0) if left else None
        return value if other is None else other

    return rebuilt(result, part)
