"""Optimisers: how gradients change parameters. PyTorch's names and values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtorch.errors import MtorchError
from mtorch.layers.base import Array, Gradients
from mtorch.modules import Module
from mtorch.naming import paths
from mtorch.schedules import Schedule


class Optimizer:
    """Base: goes through the parameters that have a gradient, and gives each a new array.

    `lr` is a number, or a schedule: a function from the number of the step to one. `weight_decay` adds
    weight_decay * parameter to each gradient, unless a subclass says otherwise. `steps` counts the steps
    taken; `state` holds what an optimiser remembers of each parameter, by path, such as
    "rnn.linear.weight.momentum".

    `step` consumes the gradients: after it there are none, so a loop of backward and step needs no
    zero_grad, and several backward calls before one step still add up.
    """

    decoupled = False
    """Whether weight decay shrinks the parameter itself, instead of joining the gradient."""

    def __init__(self, module: Module, lr: float | Schedule, weight_decay: float = 0.0) -> None:
        self.module, self.lr, self.weight_decay = module, lr, weight_decay
        self.steps = 0
        self.state: dict[str, Array] = {}
        self._layers = [(f"{path}." if path else "", layer) for path, layer in paths(module.sequential)]

    @property
    def current_lr(self) -> float:
        """The learning rate of the next step."""
        return self.lr(self.steps) if callable(self.lr) else self.lr

    def step(self) -> None:
        lr, decay, updated = self.current_lr, self.weight_decay, self.updated
        self.steps += 1
        for prefix, layer in self._layers:
            if gradients := layer.gradients:
                parameters = layer.parameters
                for name, gradient in gradients.items():
                    old = parameter = parameters[name]
                    if decay:
                        if self.decoupled:
                            parameter = old - lr * decay * old
                        else:
                            gradient = gradient + decay * old
                    new = updated(prefix + name, parameter, gradient, lr)
                    parameters[name] = new if new.dtype is old.dtype else new.astype(old.dtype)
                layer.gradients = Gradients()
            if layer.saved:
                layer.saved = []

    def updated(self, path: str, parameter: Array, gradient: Array, lr: float) -> Array:
        """The parameter after this step, in a new array."""
        raise NotImplementedError

    def mean(self, path: str, now: Array, share: float) -> Array:
        """The running mean kept at a path, after this step: share of the old, 1 - share of what is now. Starts at 0."""
        old = self.state.get(path)
        self.state[path] = (1 - share) * now if old is None else share * old + (1 - share) * now
        return self.state[path]

    def state_dict(self) -> dict[str, Array]:
        """All that a step depends on besides parameters and gradients, by reference."""
        return {"steps": np.array(self.steps), **self.state}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over a state_dict; arrays are cast to the dtype of their parameters."""
        if "steps" not in state:
            raise MtorchError(f"load_state_dict expected an optimiser's state with steps, got {', '.join(state)}")
        parameters = self.module.state_dict()
        kept = {}
        for path, array in state.items():
            if path == "steps":
                continue
            parameter = parameters.get(path.rpartition(".")[0])
            if parameter is None or parameter.shape != array.shape:
                raise MtorchError(f"load_state_dict: {path} {array.shape} belongs to no parameter of this module")
            kept[path] = array.astype(parameter.dtype, copy=False)
        self.steps, self.state = int(state["steps"]), kept


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Sutskever et al. 2013), Nesterov's where asked for.

    gradient = gradient + weight_decay * parameter
    velocity = momentum * velocity + gradient        (the first velocity is the first gradient)
    parameter = parameter - lr * velocity            (Nesterov: lr * (gradient + momentum * velocity))
    """

    def __init__(
        self,
        module: Module,
        lr: float | Schedule,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(module, lr, weight_decay)
        if nesterov and not momentum:
            raise MtorchError("SGD expected a momentum above 0 with nesterov=True, got 0")
        self.momentum, self.nesterov = momentum, nesterov

    def updated(self, path: str, parameter: Array, gradient: Array, lr: float) -> Array:
        if self.momentum:
            key = f"{path}.momentum"
            old = self.state.get(key)
            velocity = gradient if old is None else self.momentum * old + gradient
            self.state[key] = velocity
            gradient = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - lr * gradient


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1).

    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient ** 2
    parameter = parameter - lr * (mean / (1 - beta1 ** n)) / (sqrt(square / (1 - beta2 ** n)) + eps)
    """

    def __init__(
        self,
        module: Module,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(module, lr, weight_decay)
        self.betas, self.eps = betas, eps

    def updated(self, path: str, parameter: Array, gradient: Array, lr: float) -> Array:
        mean = self.mean(f"{path}.mean", gradient, self.betas[0])
        square = self.mean(f"{path}.square", gradient * gradient, self.betas[1])
        first, second = (1 - beta**self.steps for beta in self.betas)
        new: Array = parameter - (lr / first) * mean / (np.sqrt(square) / second**0.5 + self.eps)
        return new


class AdamW(Adam):
    """Adam with weight decay of its own, apart from the gradient (Loshchilov and Hutter 2019, algorithm 2).

    parameter = parameter - lr * weight_decay * parameter, then as Adam without weight decay
    """

    decoupled = True

    def __init__(
        self,
        module: Module,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(module, lr, betas, eps, weight_decay)


class RMSprop(Optimizer):
    """RMSprop (Hinton, "Neural networks for machine learning", lecture 6e, 2012).

    square = alpha * square + (1 - alpha) * gradient ** 2
    parameter = parameter - lr * gradient / (sqrt(square) + eps)
    """

    def __init__(
        self,
        module: Module,
        lr: float | Schedule = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(module, lr, weight_decay)
        self.alpha, self.eps = alpha, eps

    def updated(self, path: str, parameter: Array, gradient: Array, lr: float) -> Array:
        square = self.mean(f"{path}.square", gradient * gradient, self.alpha)
        return parameter - lr * gradient / (np.sqrt(square) + self.eps)


def clip_grad_norm(module: Module, max_norm: float) -> float:
    """Scale all gradients down so that their common norm is at most max_norm; returns the norm that they had.

    As torch.nn.utils.clip_grad_norm_ (Pascanu et al. 2013, algorithm 1).
    """
    layers = [layer for layer in module.layers() if layer.gradients]
    norm = float(np.sqrt(sum(float(np.vdot(g, g).real) for layer in layers for g in layer.gradients.values())))
    factor = min(1.0, max_norm / (norm + 1e-6))
    for layer in layers:
        for name, gradient in layer.gradients.items():
            layer.gradients[name] = gradient * factor
    return norm


def clip_grad_value(module: Module, clip_value: float) -> None:
    """Limit every number of every gradient to -clip_value..clip_value, as torch.nn.utils.clip_grad_value_."""
    for layer in module.layers():
        for name, gradient in layer.gradients.items():
            layer.gradients[name] = np.clip(gradient, -clip_value, clip_value)
