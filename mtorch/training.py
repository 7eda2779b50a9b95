"""Training: one iteration as a function of (state, iteration number)."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np

from mtorch.layers.base import Array, DTypeLike, Layer
from mtorch.losses import Loss, LossFunction
from mtorch.modules import Module
from mtorch.naming import paths
from mtorch.optimizers import Optimizer, clip_grad_norm


class State(NamedTuple):
    """All that an iteration changes: two state_dicts."""

    model: dict[str, Array]
    optimizer: dict[str, Array]

    def kept(self) -> State:
        """A copy that nothing can change: an optimiser of the user's may work in place."""
        return State(*({name: np.array(array) for name, array in part.items()} for part in self))

    @property
    def nbytes(self) -> int:
        """Bytes in its arrays."""
        return sum(array.nbytes for part in self for array in part.values())


TOGETHER = 1000
"""Samples of the test set that are evaluated in one call."""


class Batches(Protocol):
    """Anything that finds a batch by its number."""

    def batch(self, number: int) -> tuple[Any, Any]: ...


class Training:
    """A network, a loss, an optimiser and batches: all that a run needs.

    `transform` says that targets are class labels. `test` is (inputs, labels) for `accuracy`, or
    None; `epoch` is the number of iterations in an epoch. With `max_norm`, gradients are clipped to
    that norm before each step.
    """

    def __init__(
        self,
        model: Module,
        loss: LossFunction,
        optimizer: Optimizer,
        batches: Batches,
        *,
        transform: bool = False,
        test: tuple[Array, Array] | None = None,
        epoch: int = 100,
        max_norm: float | None = None,
    ) -> None:
        self.model, self.loss, self.optimizer, self.batches = model, loss, optimizer, batches
        self.transform, self.test, self.epoch, self.max_norm = transform, test, epoch, max_norm
        self.dtype: np.dtype[Any] = parameter_dtype(model.layers())

    def inputs_and_targets(self, iteration: int) -> tuple[Any, Any]:
        """The iteration's batch, floats in the training's dtype."""
        inputs, targets = self.batches.batch(iteration)
        return cast(inputs, self.dtype), cast(targets, self.dtype)

    def step(self, iteration: int) -> Loss:
        """Forward, loss, backward, update. Returns the loss."""
        inputs, targets = self.inputs_and_targets(iteration)
        outputs = self.model(inputs)
        loss = self.loss(outputs, targets, transform=self.transform)
        loss.backward()
        if self.max_norm is not None:
            clip_grad_norm(self.model, self.max_norm)
        self.optimizer.step()
        return loss

    def state(self) -> State:
        """All that an iteration changes, by reference: arrays are never changed in place."""
        return State(self.model.state_dict(), self.optimizer.state_dict())

    def load_state(self, state: State) -> None:
        """Go back to a state; its arrays are cast to this training's dtype."""
        self.model.load_state_dict(state.model)
        self.optimizer.load_state_dict(state.optimizer)
        self.model.zero_grad()

    def astype(self, dtype: DTypeLike) -> Training:
        """A copy of this training that computes in another float dtype; the data is shared."""
        kept = [self.batches, self.test, *(v for layer in self.model.layers() for v in vars(layer).values())]
        memo = {id(v): v for number, v in enumerate(kept) if number < 2 or isinstance(v, ModuleType)}
        twin = copy.deepcopy(self, memo)
        twin.dtype = np.dtype(dtype)
        if getattr(twin.loss.backward_func, "__self__", None) is None:
            twin.loss.backward_func = twin.model.backward  # a function's copy is itself, and calls this network
        for layer in twin.model.layers():
            layer.parameters, layer.buffers = cast((layer.parameters, layer.buffers), dtype)
        twin.load_state(self.state())
        return twin

    def parameters(self) -> dict[str, Array]:
        """The parameters by path, such as "rnn.linear.weight", by reference."""
        found = {}
        for path, layer in paths(self.model.sequential):
            found.update({f"{path}.{name}" if path else name: array for name, array in layer.parameters.items()})
        return found

    def accuracy(self) -> float | None:
        """Share of the test samples whose largest output is at their label, or None without a test set."""
        if self.test is None:
            return None
        images, labels = self.test
        self.model.eval()
        try:
            right = 0
            for i in range(0, len(labels), TOGETHER):
                outputs = self.model(cast(images[i : i + TOGETHER], self.dtype))
                right += int((outputs.argmax(axis=-1) == labels[i : i + TOGETHER]).sum())
        finally:
            self.model.train()
        return right / len(labels)


def parameter_dtype(layers: list[Layer]) -> np.dtype[Any]:
    for layer in layers:
        for parameter in layer.parameters.values():
            return parameter.dtype
    return np.dtype(np.float32)


def cast(value: Any, dtype: DTypeLike) -> Any:
    """Float arrays in nested tuples, lists and dicts, in another dtype; everything else as it is."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype) if value.dtype != dtype and value.dtype.kind in "fc" else value
    if isinstance(value, dict):
        return {name: cast(part, dtype) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(cast(part, dtype) for part in value)
    return value
