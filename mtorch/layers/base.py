"""Layer: what every layer is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mtorch.errors import MtorchError, ShapeError
from mtorch.naming import paths

if TYPE_CHECKING:  # numpy.typing takes a good part of numpy's own time to import
    from numpy.typing import DTypeLike as DTypeLike
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:
    Array, DTypeLike = np.ndarray, Any
Shape = tuple[Any, ...]
"""Of an array, or of several: a tuple of such tuples."""


class Gradients(dict[str, Array]):
    """Gradients by parameter. One that isn't there yet reads as 0, so that += works on it."""

    def __missing__(self, name: str) -> float:
        return 0.0


class Layer:
    """A differentiable function with parameters.

    `forward` takes an input, returns an output, and saves what its own backward will need. `backward`
    takes the gradient of that output, adds to `gradients`, and returns the gradient of the input.
    A layer may be called many times before backward: each backward call takes the last saved call.

    `gradients` has the parameters' names, for those that a backward has reached since the last
    `zero_grad`. `buffers` is state that is not trained, such as running statistics. Arrays are
    rebound, never changed in place, so that whoever keeps a reference keeps the past.

    A layer whose input is data may be told that `needs_input_grad` is False (PyTorch's word): its
    backward then returns None, and spares a product.
    """

    name: str | None = None
    input_names: tuple[str, ...] = ("input",)
    grad_input_names: tuple[str, ...] = ("grad_input",)
    needs_input_grad = True

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.name = name
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = Gradients()
        self.buffers: dict[str, Array] = {}
        self.saved: list[Any] = []
        self.training = True
        self._fitting: Any = None

    def __call__(self, x: Any) -> Any:
        return self.forward(x)

    def forward(self, x: Any) -> Any:
        raise NotImplementedError

    def backward(self, grad_output: Array) -> Any:
        raise NotImplementedError

    def output_shape(self, shape: Shape) -> Shape | None:
        """The output's shape for an input's, None where only calling tells. Raises ShapeError where it can't be."""
        return None

    def fits(self, shape: Shape) -> None:
        """Raise ShapeError unless an input of that shape can be taken. The last good shape is not looked at again."""
        if shape != self._fitting:
            self.output_shape(shape)
            self._fitting = shape

    def children(self) -> Iterator[Layer]:
        """The layers that this one's attributes hold, in lists, tuples and dicts too, in the order they were set."""
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield value
            elif name != "saved" and isinstance(value, (dict, list, tuple)):  # as X | Y it would take twice as long
                for part in value.values() if isinstance(value, dict) else value:
                    if isinstance(part, Layer):
                        yield part

    def layers_within(self) -> list[Layer]:
        """This layer and all layers inside it, outermost first, each once however often it is used."""
        return [layer for _, layer in paths(self)]

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
        own = self.gradients
        for name, gradient in gradients.items():
            own[name] = own[name] + gradient if name in own else gradient

    def zero_grad(self) -> None:
        """Forget all gradients, and calls that never got a backward."""
        for layer in self.layers_within():
            layer.gradients = Gradients()
            layer.saved = []

    def step(self, lr: float) -> None:
        """One step of gradient descent: parameter - lr * gradient, in new arrays."""
        for layer in self.layers_within():
            for name, gradient in layer.gradients.items():
                parameter = layer.parameters[name]
                layer.parameters[name] = parameter - parameter.dtype.type(lr) * gradient

    def train(self, mode: bool = True) -> None:
        """Training mode saves for backward; eval mode (`train(False)`) does not."""
        for layer in self.layers_within():
            layer.training = mode

    def eval(self) -> None:
        self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Parameters and buffers of this layer and those within it, by path ("rnn.linear.weight"), by reference."""
        found = {}
        for path, layer in paths(self):
            for name, array in (layer.parameters | layer.buffers).items():
                found[f"{path}.{name}" if path else name] = array
        return found

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over a state_dict, cast to this layer's dtypes. Raises MtorchError that names what doesn't fit."""
        own = self.state_dict()
        if own.keys() != state.keys():
            raise MtorchError(
                f"load_state_dict expected {', '.join(own) or 'nothing'}; "
                f"missing: {', '.join(own.keys() - state.keys()) or 'none'}, "
                f"unexpected: {', '.join(map(str, state.keys() - own.keys())) or 'none'}"
            )
        for path, array in own.items():
            if array.shape != state[path].shape:
                raise ShapeError(f"load_state_dict: {path}", f"the shape {array.shape}", state[path].shape)
        for path, layer in paths(self):
            prefix = f"{path}." if path else ""
            for group in (layer.parameters, layer.buffers):
                for name, old in group.items():
                    group[name] = np.asarray(state[prefix + name]).astype(old.dtype, copy=False)


def shape_of(value: Any) -> Shape:
    """The shape of an array, or of each of several."""
    return tuple(map(shape_of, value)) if isinstance(value, tuple | list) else value.shape
