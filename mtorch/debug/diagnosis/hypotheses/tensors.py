"""Hypotheses about mix-ups: another tensor's gradient, or blocks of columns in each other's place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative, Unmeasured
from mtorch.debug.diagnosis.hypotheses.case import MOST_CALLS, Case, Guess
from mtorch.debug.events import Call
from mtorch.debug.gradcheck import slopes
from mtorch.debug.twins import twin
from mtorch.layers.base import Array
from mtorch.naming import paths

BLOCKS = (4, 3, 2)
"""Columns side by side of an LSTM's gates, a GRU's, and of two."""


def handed_on(case: Case) -> Guess | None:
    """The layer's own grad_output, or a tensor of an inner event, that it handed on as its own gradient."""
    outer = case.trace.events[case.check.event]
    if case.generic:
        same = np.array_equal(case.recorded, case.call.grad_output)
        facts = {"is_tensor": "grad_output", "of_path": case.check.path, "of_t": None}
        return Guess("wrong-tensor", "is grad_output, handed on unchanged", facts) if same else None
    recorded = outer.tensors[case.check.tensor]
    for event in case.trace.events[case.check.event : outer.end]:
        if event.call is None or (event is not outer and its_own(case, event.call)):
            continue
        for name, tensor in event.tensors.items():
            handed = event is not outer or (name == "grad_output" != case.check.tensor)
            if handed and tensor.shape == recorded.shape and np.array_equal(tensor, recorded):
                a = event.address
                at = "" if a.t is None else f" at t={a.t}"
                said = f"is another tensor: {a.path}'s {name}{at}, handed on unchanged"
                return Guess("wrong-tensor", said, {"is_tensor": name, "of_path": a.path, "of_t": a.t})
    return None


def its_own(case: Case, inner: Call) -> bool:
    """Whether a layer inside was called with the very tensor, or has the parameter: the gradients may be the same."""
    x = case.input()
    if x is None:
        return case.slot in getattr(case.layer, "within", {})
    return bool(x.size) and any(x.shape == other.shape and np.array_equal(x, other) for other in inner.inputs)


def in_another_s_place(case: Case) -> Guess | None:
    """The true gradient of another input or parameter of the same call, or what another layer was given as its own."""
    for slot in case.derivative.slots():
        if slot == case.slot or case.derivative.value(slot).shape != case.recorded.shape:
            continue
        derivative = Derivative(case.call, Budget(MOST_CALLS))
        try:
            true = derivative.along(slot, case.found.directions, case.call.grad_output).values
        except Unmeasured:
            continue
        if case.fits(true):
            name = case.call.names.get(slot, f"grad_{slot}")
            said = f"is the true {name}: the two are in each other's place"
            return Guess("wrong-tensor", said, {"is_tensor": name, "of_path": case.check.path, "of_t": case.check.t})
    users = {path for path, _ in getattr(case.layer, "within", {}).get(case.slot, ())}
    for event in case.trace.events:
        other, a = event.call, event.address
        if other is None or a.path in users | {case.check.path} or not a.path or a.phase != "backward":
            continue
        for slot, gradient in other.gradients.items():
            inner = slot in getattr(other.layer, "within", {})  # which is this very tensor, perhaps
            if slot.startswith("#") or inner or gradient.shape != case.recorded.shape or not gradient.any():
                continue
            if case.fits(slopes(gradient, case.found.directions)):
                name = other.names.get(slot, slot)
                said = f"is {a.path}'s {name}"
                return Guess("wrong-tensor", said, {"is_tensor": name, "of_path": a.path, "of_t": a.t})
    return None


def blocks_swapped(case: Case) -> Guess | None:
    """The true gradient with blocks of its last axis in another order, such as those of two gates."""
    true = case.true
    if true is None or not true.ndim:
        return None
    for count in BLOCKS:
        if true.shape[-1] % count:
            continue
        blocks = np.split(true, count, axis=-1)
        for order in list(permutations(range(count)))[1:]:
            if case.is_recorded(np.concatenate([blocks[k] for k in order], axis=-1)):
                moved = ", ".join(f"block {i} is the true block {k}" for i, k in enumerate(order) if i != k)
                said = f"has its {count} blocks of columns mixed up: {moved}"
                return Guess("wrong-tensor", said, {"blocks": list(order)})
    return None


def inner_blocks_swapped(case: Case) -> Guess | None:
    """Two blocks of the gradient that a layer inside was given, such as two gates', in each other's place."""
    for place, (path, _) in enumerate(zip(case.call.inside[1:], paths(case.layer)[1:], strict=False), 1):
        for count in BLOCKS:
            for i in range(count):
                for k in range(i + 1, count):
                    layer = twin(case.layer)
                    rebuilt(paths(layer)[place][1], lambda out, i=i, k=k, n=count: swapped(out, i, k, n))  # type: ignore[misc]
                    if case.fits(case.slopes_cut(layer)):
                        said = (
                            f"comes of blocks {i} and {k} of {count} of the gradient for {path} in each other's place"
                        )
                        facts = {"is_tensor": f"block {k} of {count}", "of_path": path, "blocks": [i, k]}
                        return Guess("wrong-tensor", said, facts)
    return None


def rebuilt(layer: Any, change: Callable[[Array], Array]) -> None:
    """Have a layer's outputs changed: what that does to imaginary parts, it does to gradients on their way back."""
    cls: Any = type(layer)
    layer.__class__ = type(
        cls.__name__, (cls,), {"forward": lambda self, *args: change(np.array(cls.forward(self, *args)))}
    )


def swapped(out: Array, i: int, k: int, count: int) -> Array:
    """With the imaginary parts of two blocks of columns in each other's place."""
    if not np.iscomplexobj(out) or not out.ndim or out.shape[-1] % count:
        return out
    blocks = np.split(out.imag, count, axis=-1)
    blocks[i], blocks[k] = blocks[k], blocks[i]
    mixed: Array = out.real + 1j * np.concatenate(blocks, axis=-1)
    return mixed
