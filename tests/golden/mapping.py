"""What PyTorch's options and parameters are to mtorch's layers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from mtorch import layers
from mtorch.layers.recurrent import Recurrent
from mtorch.naming import paths

Array = np.ndarray
Arrays = dict[str, Array]

GATES = {
    "RNN": {"linear": (["hh", "ih"], [0])},
    "LSTM": {"gates": (["hh", "ih"], [0, 1, 3]), "candidate": (["hh", "ih"], [2])},
    "GRU": {"gates": (["hh", "ih"], [0, 1]), "from_hidden": (["hh"], [2]), "from_input": (["ih"], [2])},
}
"""The Linears of recurrent layers: the PyTorch weights that they put side by side, and which gates of these.

The bias is that of the last of these weights; PyTorch's other ones are 0.
"""


def mapped(layer: layers.Layer, get: Callable[[str], Array]) -> Arrays:
    """PyTorch's parameters, or their gradients, by the paths of the layer's own; get is told PyTorch's names."""
    match layer:
        case layers.Linear():
            return {"weight": get("weight").swapaxes(-1, -2), "bias": get("bias")}
        case Recurrent():
            levels = range(layer.num_layers)
            return {f"{'upper.' * n}{path}": array for n in levels for path, array in level(layer, n, get).items()}
        case layers.Residual():
            return {f"sequential.{path}": array for path, array in mapped(layer.inner, get).items()}
        case layers.Sequential():
            found = {}
            for number, (path, part) in enumerate(paths(layer)[1:]):
                inner = mapped(part, lambda name, number=number: get(f"{number}.{name}"))
                found |= {f"{path}.{name}": array for name, array in inner.items()}
            return found
        case _:
            return {name: get(name) for name in layer.parameters}


def level(layer: Recurrent, number: int, get: Callable[[str], Array]) -> Arrays:
    """One of the layers of a recurrent layer, the lowest being number 0."""

    def rows(name: str, gates: list[int]) -> Array:
        array = get(f"{name}_l{number}")
        return np.concatenate([array[gate * layer.out_dim : (gate + 1) * layer.out_dim] for gate in gates])

    found = {}
    for path, (sources, gates) in GATES[type(layer).__name__].items():
        weights = [rows(f"weight_{source}", gates) for source in sources]
        found[f"{path}.weight"] = np.concatenate(weights, axis=1).T
        found[f"{path}.bias"] = rows(f"bias_{sources[-1]}", gates)
    return found


def built(kind: str, *args: Any, **options: Any) -> layers.Layer:
    """An mtorch layer of double precision, from PyTorch's options."""
    cls = getattr(layers, kind)
    if kind in ("Sequential", "Residual"):
        parts = [built(*part) for part in args]
        return cls(parts) if kind == "Sequential" else cls(*parts)
    if nonlinearity := options.pop("nonlinearity", None):
        options["activation"] = {"tanh": layers.Tanh, "relu": layers.Relu}[nonlinearity]()
    if "dtype" in inspect.signature(cls).parameters:
        options["dtype"] = np.float64
    return cls(*args, **options)


def gradients(layer: layers.Layer) -> Arrays:
    """The layer's own gradients, and those of the layers within it, by the same paths."""
    return {
        f"{path}.{name}".lstrip("."): array for path, part in paths(layer) for name, array in part.gradients.items()
    }
