"""Training: one iteration as a function of (state, iteration number)."""

from __future__ import annotations

import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from mtorch.layers.base import Array, Layer
from mtorch.losses import Loss, SquareLoss
from mtorch.modules import Module
from mtorch.optimizers import SGD

State = list[dict[str, Array]]


class Batches(Protocol):
    """Anything that finds a batch by its number."""

    def batch(self, number: int) -> tuple[Any, Any]: ...


class Training:
    """A network, a loss, an optimiser and batches: all that a run needs.

    `transform` says that targets are class labels. `test` is (inputs, labels) for `accuracy`, or
    None; `epoch` is the number of iterations in an epoch.
    """

    def __init__(
        self,
        model: Module,
        loss: SquareLoss,
        optimizer: SGD,
        batches: Batches,
        *,
        transform: bool = False,
        test: tuple[Array, Array] | None = None,
        epoch: int = 100,
    ) -> None:
        self.model, self.loss, self.optimizer, self.batches = model, loss, optimizer, batches
        self.transform, self.test, self.epoch = transform, test, epoch
        self.dtype: np.dtype[Any] = parameter_dtype(model.layers())

    def inputs_and_targets(self, iteration: int) -> tuple[Any, Any]:
        """The iteration's batch, floats in the training's dtype."""
        return cast(self.batches.batch(iteration), self.dtype)  # type: ignore[no-any-return]

    def step(self, iteration: int) -> Loss:
        """Forward, loss, backward, update. Returns the loss."""
        inputs, targets = self.inputs_and_targets(iteration)
        outputs = self.model(inputs)
        loss = self.loss(outputs, targets, transform=self.transform)
        loss.backward()
        self.optimizer.step()
        return loss

    def state(self) -> State:
        """All that an iteration changes, by reference: arrays are never changed in place."""
        return [dict(layer.parameters) for layer in self.model.layers()]

    def load_state(self, state: State) -> None:
        """Go back to a state; its arrays are cast to this training's dtype."""
        for layer, parameters in zip(self.model.layers(), state, strict=True):
            layer.parameters = {name: p.astype(self.dtype, copy=False) for name, p in parameters.items()}
        self.model.zero_grad()

    def astype(self, dtype: DTypeLike) -> Training:
        """A copy of this training that computes in another float dtype; the data is shared."""
        twin = copy.deepcopy(self, {id(self.batches): self.batches, id(self.test): self.test})
        twin.dtype = np.dtype(dtype)
        twin.load_state(self.state())
        return twin

    def accuracy(self) -> float | None:
        """Share of the test samples whose largest output is at their label, or None without a test set."""
        if self.test is None:
            return None
        images, labels = self.test
        self.model.eval()
        outputs = self.model(cast(images, self.dtype))
        self.model.train()
        return float((outputs.argmax(axis=-1) == labels).mean())


def parameter_dtype(layers: list[Layer]) -> np.dtype[Any]:
    for layer in layers:
        for parameter in layer.parameters.values():
            return parameter.dtype
    return np.dtype(np.float32)


def cast(value: Any, dtype: DTypeLike) -> Any:
    """Float arrays in nested tuples and lists, in another dtype; everything else as it is."""
    if isinstance(value, tuple | list):
        return type(value)(cast(part, dtype) for part in value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        return value.astype(dtype, copy=False)
    return value
