"""Hypotheses about order: the right numbers laid out otherwise, or a parameter used turned round."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from mtorch.debug.derivatives import Budget, Derivative
from mtorch.debug.diagnosis.hypotheses.case import MOST_CALLS, Case, Guess
from mtorch.debug.events import Call
from mtorch.debug.twins import twin
from mtorch.layers.base import Array


def laid_out_otherwise(case: Case) -> Guess | None:
    """The true gradient transposed, or reshaped in another order."""
    true, recorded = case.true, case.recorded
    if true is None or true.size < 2:
        return None
    for words, candidate in layouts(true, recorded.shape):
        if case.is_recorded(candidate):
            return Guess("transposed", f"is the true gradient {words}", {"layout": words})
    return None


def places_mixed(case: Case) -> Guess | None:
    """All of the true gradient's numbers, at other places."""
    true, recorded = case.true, case.recorded
    if true is None:
        return None
    held, sought = np.sort(recorded, None), np.sort(true, None)
    if np.unique(sought[sought != 0]).size > 3 and np.allclose(held, sought, rtol=1e-7, atol=1e-9 * abs(sought).max()):
        moved = float(np.mean(~np.isclose(recorded, true)))
        said = f"has the true gradient's numbers, but {moved:.0%} of the places hold another's"
        return Guess("transposed", said, {"share_moved": round(moved, 4)})
    return None


def layouts(true: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """What may come of mistaken axes; in words, and as an array of that shape."""
    if true.ndim > 4 or true.size != np.prod(shape):
        return
    for axes in list(permutations(range(true.ndim)))[1:]:
        turned = true.transpose(axes)
        plain = "transposed" if true.ndim == 2 else f"with its axes in the order {axes}"
        yield (plain if turned.shape == shape else f"{plain}, then reshaped"), turned.reshape(shape)
        yield f"reshaped to {turned.shape}, then turned back", true.reshape(turned.shape).transpose(np.argsort(axes))


def parameter_turned(case: Case) -> Guess | None:
    """The derivative with one of the layer's own parameters transposed, or flipped."""
    for name, parameter in case.layer.parameters.items():
        if name == case.slot or parameter.ndim < 2:
            continue
        for words, turned in turns(parameter):
            layer = twin(case.layer)
            layer.parameters = {**layer.parameters, name: turned}
            if turned.shape == parameter.shape and case.fits(case.slopes(layer=layer)):
                said = f"is the derivative with {name} {words}"
                return Guess("transposed", said, {"parameter": name, "turn": words})
    return None


def turns(parameter: Array) -> Iterator[tuple[str, Array]]:
    yield "transposed", parameter.swapaxes(-1, -2)
    if parameter.ndim > 2:
        yield "flipped along its last two axes", parameter[..., ::-1, ::-1]
        yield "with its first two axes swapped", parameter.swapaxes(0, 1)
        yield "flipped, and its first two axes swapped", parameter[..., ::-1, ::-1].swapaxes(0, 1)


def stride_ignored(case: Case) -> Guess | None:
    """The derivative of the same layer with a stride of 1, for grad_output where such a layer's first rows lie."""
    stride, grad = getattr(case.layer, "stride", None), case.call.grad_output
    if stride in (None, 1, (1, 1)) or grad.ndim != 4:
        return None
    layer = twin(case.layer)
    layer.stride = 1 if isinstance(stride, int) else (1, 1)
    call = Call(layer, case.call.inputs, grad, {}, {}, (), case.call.spread)
    try:
        wide = np.zeros(Derivative(call).output().shape)
        wide[:, :, : grad.shape[2], : grad.shape[3]] = grad
        slopes = Derivative(call, Budget(MOST_CALLS)).along(case.slot, case.found.directions, wide).values
    except Exception:  # a stranger's layer may refuse another stride in any way it likes
        return None
    if not case.fits(slopes):
        return None
    said = f"lies where it would with a stride of 1, and the layer's is {stride}"
    return Guess("transposed", said, {"stride": "1"})
