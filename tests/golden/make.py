"""Makes golden.npz: the cases' arrays, by PyTorch in double precision. By hand: python tests/golden/make.py"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cases import CASES, FILE
from kinds import CLIPPED, Case, ClipCase, LayerCase, LossCase, OptimizerCase, ScheduleCase
from mapping import Array, Arrays

Tensors = dict[str, Tensor]


class Residual(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class SquareLoss(nn.Module):
    def __init__(self, reduction: str) -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        n = {"batchmean": outputs.shape[-2], "mean": outputs.numel(), "sum": 1}[self.reduction]
        return 0.5 * nn.functional.mse_loss(outputs, targets, reduction="sum") / n


class CrossEntropyLoss(nn.CrossEntropyLoss):
    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().forward(outputs.movedim(-1, 1), targets)


COUNTERPARTS: dict[str, Any] = {
    "Relu": nn.ReLU,
    "LeakyRelu": lambda slope=0.01: nn.LeakyReLU(slope),
    "Softmax": lambda: nn.Softmax(-1),
    "Gelu": lambda: nn.GELU("tanh"),
    "Residual": Residual,
    "SquareLoss": SquareLoss,
    "CrossEntropyLoss": CrossEntropyLoss,
}
"""Of mtorch's kinds, where torch.nn has none of that name and meaning."""


def built(kind: str, *args: Any, **options: Any) -> nn.Module:
    if kind in ("Sequential", "Residual"):
        args = tuple(built(*part) for part in args)
    return (COUNTERPARTS.get(kind) or getattr(nn, kind))(*args, **options).double()


@torch.no_grad()
def randomise(module: nn.Module, rng: np.random.Generator) -> Arrays:
    """Gives a module random parameters and buffers, and returns them."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            drawn = normal(rng, tensor.shape)
            tensor.copy_(torch.from_numpy(abs(drawn) + 0.5 if name == "running_var" else drawn))
        if "bias_hh" in name:
            # mtorch has no such bias, but for a GRU's candidate, which is the last third.
            tensor[: len(tensor) * 2 // 3 if isinstance(module, nn.GRU) else None] = 0
    return numbers(module.state_dict())


def numbers(tensors: Mapping[str, Tensor], prefix: str = "") -> Arrays:
    return {prefix + name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def gradients(tensors: Mapping[str, Tensor]) -> Arrays:
    return numbers({name: tensor.grad for name, tensor in tensors.items() if tensor.grad is not None}, "grad_")


def normal(rng: np.random.Generator, shape: Sequence[int]) -> Array:
    """Standard normal numbers rounded to 64ths, which make a small file."""
    return np.round(rng.standard_normal(shape) * 64) / 64


def leaf(array: Array) -> Tensor:
    return torch.tensor(array, requires_grad=array.dtype.kind == "f")


def of_layer(case: LayerCase, rng: np.random.Generator) -> Arrays:
    module = built(case.kind, *case.args, **case.options)
    made = randomise(module, rng)
    inputs: Tensors = {}
    for name, shape in case.inputs.items():
        drawn = normal(rng, shape) * case.scale
        if case.kind == "Embedding":
            drawn = rng.integers(case.args[0], size=shape)
        inputs[name] = leaf(np.round(drawn) if case.whole else drawn)
    made |= numbers(inputs)
    *states, x = inputs.values()
    if isinstance(module, nn.RNNBase):
        wide = tuple(state.reshape(module.num_layers, -1, module.hidden_size) for state in states)
        out, _ = module(x, wide if case.kind == "LSTM" else wide[0]) if wide else module(x)
    else:
        out = module(x)
    grad_output = torch.from_numpy(normal(rng, out.shape))
    out.backward(grad_output)
    made |= numbers({"out": out, "grad_output": grad_output})
    made |= gradients(inputs) | gradients(dict(module.named_parameters()))
    if buffers := dict(module.named_buffers()):
        made |= numbers(buffers, "after_") | numbers({"eval_out": module.eval()(x)})
    return made


def of_loss(case: LossCase, rng: np.random.Generator) -> Arrays:
    drawn = normal(rng, (2, *case.shape)) * case.scale
    outputs, targets = np.round(drawn) if case.whole else drawn
    if case.kind == "CrossEntropyLoss":
        targets = rng.integers(case.shape[-1], size=case.shape[:-1])
    elif case.kind == "BCEWithLogitsLoss":
        targets = rng.random(case.shape)
    tensors = {"outputs": leaf(outputs)}
    value = built(case.kind, **case.options)(tensors["outputs"], torch.from_numpy(targets))
    value.backward()
    return numbers({**tensors, "value": value}) | {"targets": targets} | gradients(tensors)


def of_optimizer(case: OptimizerCase, rng: np.random.Generator) -> Arrays:
    linear, loss = built("Linear", 3, 2), SquareLoss("batchmean")
    made = randomise(linear, rng) | {"x": normal(rng, (8, 3)), "y": normal(rng, (8, 2))}
    x, y = torch.from_numpy(made["x"]), torch.from_numpy(made["y"])
    optimizer = getattr(torch.optim, case.kind)(linear.parameters(), **case.options)
    after = []
    for step in range(1, 21):
        optimizer.zero_grad()
        loss(linear(x), y).backward()
        optimizer.step()
        if step % 5 == 0:
            after.append(numbers(linear.state_dict()))
    return made | {f"after_{name}": np.array([state[name] for state in after]) for name in after[0]}


def of_schedule(case: ScheduleCase, rng: np.random.Generator) -> Arrays:
    options = dict(case.options)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=options.pop("lr"))
    schedule = getattr(torch.optim.lr_scheduler, case.kind)(optimizer, **options)
    rates = []
    for _ in range(30):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return {"rates": np.array(rates)}


def of_clip(case: ClipCase, rng: np.random.Generator) -> Arrays:
    parameters = dict(built("Sequential", *CLIPPED).named_parameters())
    for parameter in parameters.values():
        parameter.grad = torch.from_numpy(normal(rng, parameter.shape))
    made = gradients(parameters)
    norm = getattr(nn.utils, f"{case.kind}_")(parameters.values(), *case.args)
    if norm is not None:
        made["norm"] = norm.numpy()
    return made | numbers({name: parameter.grad for name, parameter in parameters.items()}, "clipped_")


MAKERS: dict[type[Case], Any] = {
    LayerCase: of_layer,
    LossCase: of_loss,
    OptimizerCase: of_optimizer,
    ScheduleCase: of_schedule,
    ClipCase: of_clip,
}


def golden(case: Case, seed: int = 0) -> Arrays:
    """Inputs, parameters, outputs and gradients of a case."""
    return MAKERS[type(case)](case, np.random.default_rng([seed, zlib.crc32(case.name.encode())]))


if __name__ == "__main__":
    arrays = {f"{case.name}/{name}": array for case in CASES for name, array in golden(case).items()}
    np.savez_compressed(FILE, **{"torch/version": np.array(str(torch.__version__))}, **arrays)
    print(f"{FILE.name}: {len(CASES)} cases, {FILE.stat().st_size} bytes")
