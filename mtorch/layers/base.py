"""Layer: what every layer is. Sequential: layers one after another, itself a layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtorch.errors import MtorchError

Array = NDArray[Any]


class Layer:
    """A differentiable function with parameters.

    `forward` takes an input, returns an output, and saves what its own backward will need. `backward`
    takes the gradient of that output, adds to `gradients`, and returns the gradient of the input.
    A layer may be called many times before backward: each backward call takes the last saved call.

    `parameters` and `gradients` map the same names to arrays of the same shapes. Gradients
    accumulate until `zero_grad`. Arrays are rebound, never changed in place, so that whoever keeps a
    reference keeps the past.
    """

    name: str | None = None
    input_names: tuple[str, ...] = ("input",)
    grad_input_names: tuple[str, ...] = ("grad_input",)

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.name = name
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.saved: list[Any] = []
        self.training = True

    def __call__(self, x: Any) -> Any:
        return self.forward(x)

    def forward(self, x: Any) -> Any:
        raise NotImplementedError

    def backward(self, grad_output: Array) -> Any:
        raise NotImplementedError

    def children(self) -> Iterator[Layer]:
        """The layers that this one's attributes hold, in lists, tuples and dicts too, in the order they were set."""
        for value in vars(self).values():
            if isinstance(value, Layer):
                yield value
            elif isinstance(value, dict | list | tuple):
                parts = value.values() if isinstance(value, dict) else value
                yield from (part for part in parts if isinstance(part, Layer))

    def layers_within(self) -> list[Layer]:
        """This layer and all layers inside it, outermost first, each once however often it is used."""
        found = {id(self): self}
        for child in self.children():
            if id(child) not in found:
                found.update((id(layer), layer) for layer in child.layers_within())
        return list(found.values())

    def save(self, *values: Any) -> None:
        """Keep what the backward of this call needs. In eval mode nothing is kept."""
        if self.training:
            self.saved.append(values)

    def take(self) -> Any:
        """What the last call that has had no backward yet saved."""
        if not self.saved:
            raise MtorchError(f"{type(self).__name__}.backward was called without a forward call before it")
        return self.saved.pop()

    def accumulate(self, **gradients: Array) -> None:
        """Add to the gradients of the named parameters."""
        for name, gradient in gradients.items():
            self.gradients[name] = self.gradients[name] + gradient

    def zero_grad(self) -> None:
        """Set all gradients to zero and forget calls that never got a backward."""
        for layer in self.layers_within():
            layer.gradients = {name: np.zeros_like(p) for name, p in layer.parameters.items()}
            layer.saved = []

    def step(self, lr: float) -> None:
        """One step of gradient descent: parameter - lr * gradient, in new arrays."""
        for layer in self.layers_within():
            layer.parameters = {
                name: p - p.dtype.type(lr) * layer.gradients[name] for name, p in layer.parameters.items()
            }

    def train(self, mode: bool = True) -> None:
        """Training mode saves for backward; eval mode (`train(False)`) does not."""
        for layer in self.layers_within():
            layer.training = mode

    def eval(self) -> None:
        self.train(False)


class Sequential(Layer):
    """Layers in a row: forward calls them in order, backward in reverse."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        super().__init__()
        self.layers = list(layers)
        if self.layers:
            self.input_names, self.grad_input_names = self.layers[0].input_names, self.layers[0].grad_input_names

    def forward(self, x: Any) -> Any:
        out = x
        for layer in self.layers:
            out = layer(out)
        return out

    def backward(self, grad_output: Array) -> Any:
        delta: Any = grad_output
        for layer in reversed(self.layers):
            delta = layer.backward(delta)
        return delta
