"""Optimisers: how gradients change parameters."""

from __future__ import annotations

from mtorch.modules import Module


class SGD:
    """Stochastic gradient descent: parameter = parameter - lr * gradient.

    `step` consumes the gradients: after it they are zero, so a loop of backward and step needs no
    zero_grad, and several backward calls before one step still add up.
    """

    def __init__(self, module: Module, lr: float) -> None:
        self.module, self.lr = module, lr

    def step(self) -> None:
        self.module.step(self.lr)
        self.module.zero_grad()
