"""Module: a whole network, as one Sequential."""

from __future__ import annotations

from typing import Any

from mtorch.layers.base import Array, Layer, Sequential


class Module:
    """A network that a user defines by handing one Sequential to this constructor."""

    def __init__(self, sequential: Sequential) -> None:
        self.sequential = sequential

    def __call__(self, x: Any) -> Any:
        return self.forward(x)

    def forward(self, x: Any) -> Any:
        return self.sequential(x)

    def backward(self, grad_output: Array) -> Any:
        return self.sequential.backward(grad_output)

    def step(self, lr: float) -> None:
        self.sequential.step(lr)

    def zero_grad(self) -> None:
        self.sequential.zero_grad()

    def train(self, mode: bool = True) -> None:
        self.sequential.train(mode)

    def eval(self) -> None:
        self.sequential.eval()

    def layers(self) -> list[Layer]:
        """Every layer, outermost first."""
        return self.sequential.layers_within()
