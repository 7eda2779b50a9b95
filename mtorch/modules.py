"""Module: a whole network, as one Sequential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtorch.layers.base import Array, Layer
from mtorch.layers.sequential import Sequential


class Module:
    """A network that a user defines by handing one Sequential to this constructor."""

    def __init__(self, sequential: Sequential) -> None:
        self.sequential = sequential

    def __call__(self, x: Any) -> Any:
        return self.forward(x)

    def forward(self, x: Any) -> Any:
        return self.sequential.forward(x)

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

    def state_dict(self) -> dict[str, Array]:
        """Parameters and buffers by path, such as "rnn.linear.weight", by reference."""
        return self.sequential.state_dict()

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over a state_dict. Raises MtorchError that names what doesn't fit."""
        self.sequential.load_state_dict(state)
