"""Kinds of cases: which arrays a case of each has, and how mtorch makes its own of them.

Inputs, PyTorch's parameters and its results are the arrays of golden.npz, by the names that are said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import mtorch
from mapping import Array, Arrays, built, gradients, mapped
from mtorch import Module, layers, schedules
from mtorch.naming import paths

Shape = tuple[int, ...]
Part = tuple[Any, ...]
"""A layer inside another: its kind, then its arguments."""


def prefixed(prefix: str, arrays: Mapping[str, Array]) -> Arrays:
    return {prefix + name: array for name, array in arrays.items()}


@dataclass(frozen=True)
class Case:
    """`kind` is the name of an mtorch class or function, `options` are those of PyTorch's counterpart."""

    name: str
    kind: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def agreement(self, golden: Arrays) -> tuple[Arrays, Arrays]:
        """What mtorch makes of the golden inputs, and what PyTorch made of them, by the same names."""
        raise NotImplementedError


@dataclass(frozen=True)
class LayerCase(Case):
    """Inputs: `inputs` (x last), PyTorch's parameters and buffers, grad_output. Results: out, grad_x, grad_h0,
    grad_c0, grad_ for each parameter; for layers with buffers these as after_, and eval_out.

    Inputs are standard normal numbers times `scale`, with `whole` rounded to whole numbers.
    """

    inputs: dict[str, Shape] = field(default_factory=dict)
    scale: float = 1
    whole: bool = False

    def agreement(self, golden: Arrays) -> tuple[Arrays, Arrays]:
        layer = built(self.kind, *self.args, **self.options)
        layer.load_state_dict(mapped(layer, golden.__getitem__) | {name: golden[name] for name in layer.buffers})
        *states, x = self.inputs
        inputs = tuple(golden[name] for name in self.inputs)
        mine = {"out": layer(inputs if states else inputs[0])}
        found = layer.backward(golden["grad_output"])
        if layer.needs_input_grad:
            mine |= prefixed("grad_", dict(zip((x, *states), found if states else (found,), strict=True)))
        theirs = {name: golden[name] for name in mine}
        mine |= prefixed("grad_", gradients(layer))
        theirs |= prefixed("grad_", mapped(layer, lambda name: golden[f"grad_{name}"]))
        if layer.buffers:
            layer.eval()
            after = prefixed("after_", layer.buffers) | {"eval_out": layer(golden["x"])}
            mine |= after
            theirs |= {name: golden[name] for name in after}
        return mine, theirs


@dataclass(frozen=True)
class LossCase(Case):
    """Inputs: outputs, targets. Results: value, grad_outputs. See LayerCase for `scale` and `whole`."""

    shape: Shape = (5, 3)
    scale: float = 1
    whole: bool = False

    def agreement(self, golden: Arrays) -> tuple[Arrays, Arrays]:
        loss = getattr(mtorch, self.kind)(lambda grad_output: grad_output, **self.options)(
            golden["outputs"], golden["targets"]
        )
        mine = {"value": np.array(loss.value), "grad_outputs": loss.backward()}
        return mine, {name: golden[name] for name in mine}


@dataclass(frozen=True)
class OptimizerCase(Case):
    """Inputs: x, y, weight, bias of a Linear whose SquareLoss is made small. Results: after_weight and after_bias,
    of every 5th of 20 steps."""

    def agreement(self, golden: Arrays) -> tuple[Arrays, Arrays]:
        linear = built("Linear", 3, 2)
        linear.load_state_dict(mapped(linear, golden.__getitem__))
        module = Module(layers.Sequential([linear]))
        optimizer = getattr(mtorch, self.kind)(module, **self.options)
        loss_func = mtorch.SquareLoss(module.backward)
        after = []
        for step in range(1, 21):
            loss_func(module(golden["x"]), golden["y"]).backward()
            optimizer.step()
            if step % 5 == 0:
                after.append(linear.state_dict())
        mine = {name: np.array([state[name] for state in after]) for name in ("weight", "bias")}
        return mine, mapped(linear, lambda name: golden[f"after_{name}"])


@dataclass(frozen=True)
class ScheduleCase(Case):
    """Results: rates, those of 30 steps of an optimiser."""

    def agreement(self, golden: Arrays) -> tuple[Arrays, Arrays]:
        optimizer = mtorch.SGD(Module(layers.Sequential([])), getattr(schedules, self.kind)(**self.options))
        rates = []
        for _ in range(30):
            rates.append(optimizer.current_lr)
            optimizer.step()
        return {"rates": np.array(rates)}, {"rates": golden["rates"]}


CLIPPED: tuple[Part, ...] = (("Linear", 3, 4), ("Tanh",), ("Linear", 4, 2))


@dataclass(frozen=True)
class ClipCase(Case):
    """Inputs: grad_ for each parameter of a Sequential of CLIPPED. Results: clipped_ likewise, and norm if returned."""

    def agreement(self, golden: Arrays) -> tuple[Arrays, Arrays]:
        sequential = built("Sequential", *CLIPPED)
        theirs = mapped(sequential, lambda name: golden[f"clipped_{name}"])
        places = dict(paths(sequential))
        for key, array in mapped(sequential, lambda name: golden[f"grad_{name}"]).items():
            path, _, name = key.rpartition(".")
            places[path].gradients[name] = array
        norm = getattr(mtorch, self.kind)(Module(sequential), *self.args)
        mine = gradients(sequential)
        return (mine, theirs) if norm is None else (mine | {"norm": norm}, theirs | {"norm": golden["norm"]})
