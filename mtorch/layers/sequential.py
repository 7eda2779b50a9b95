"""Sequential: layers one after another, itself a layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mtorch.errors import MtorchError, ShapeError, describe
from mtorch.layers.base import Array, Layer, Shape, shape_of


class Sequential(Layer):
    """Layers in a row.

    Notation: x the input, f[i] the i-th of n layers, y the output

        forward   y = f[n-1](... f[1](f[0](x)))
        backward  grad_input = f[0].backward(f[1].backward(... f[n-1].backward(grad_output)))

    Shapes are followed through all layers before anything is computed: ShapeError names the first that
    cannot take what comes. MtorchError where a layer other than the first gives no input gradient.
    """

    def __init__(self, layers: Iterable[Layer], *, name: str | None = None) -> None:
        super().__init__(name)
        self.layers = list(layers)
        for number, layer in enumerate(self.layers[1:], 1):
            if not layer.needs_input_grad:
                raise MtorchError(
                    f"Sequential expected input gradients of all layers but the first; layers[{number}], "
                    f"{describe(layer)}, gives none"
                )
        if self.layers:
            first = self.layers[0]
            self.input_names, self.grad_input_names = first.input_names, first.grad_input_names
            self.needs_input_grad = first.needs_input_grad

    def output_shape(self, shape: Shape) -> Shape | None:
        following: Shape | None = shape
        for number, layer in enumerate(self.layers):
            if following is None:
                return None
            try:
                following = layer.output_shape(following)
            except ShapeError as error:
                where = ".".join(filter(None, (f"layers[{number}]", error.where)))
                raise ShapeError(error.layer, error.expected, error.got, where) from None
        return following

    def forward(self, x: Any) -> Any:
        self.fits(shape_of(x))
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, grad_output: Array) -> Any:
        delta: Any = grad_output
        for layer in reversed(self.layers):
            delta = layer.backward(delta)
        return delta
