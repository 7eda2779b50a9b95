"""Linear layers, embeddings and connections that are wrong in one way each."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch import layers
from mtorch.layers.base import Array
from scenarios.faults.gallery import Expected, fault


class LinearOverOutDim(layers.Linear):
    """Linear that divides the gradient of its input by the number of its outputs.

    A sum over the outputs was taken for a mean. With each such layer, gradients shrink by its width.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        return super().backward(grad_output) / self.out_dim


class LinearOverBatch(layers.Linear):
    """Linear that divides its parameters' gradients by the batch, which the loss had done already.

    Many tutorials divide here, and not in the loss. Doing both is a learning rate that falls with the batch.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        self.accumulate(weight=x.T @ grad_output / len(x), bias=grad_output.mean(axis=0))
        return grad_output @ self.parameters["weight"].T


class LinearUntransposed(layers.Linear):
    """Linear that multiplies by weight where weight.T belongs.

    With as many inputs as outputs the shapes agree, and nothing raises.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        super().backward(grad_output)
        return grad_output @ self.parameters["weight"]


class LinearWeightTransposed(layers.Linear):
    """Linear whose weight's gradient is grad_output.T @ x, which is the transpose of the right one.

    So it is in frameworks that keep weights as (out_dim, in_dim). Here it is the other way round, and
    with a square weight the shapes agree all the same.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        self.accumulate(weight=grad_output.T @ x, bias=grad_output.sum(axis=0))
        return grad_output @ self.parameters["weight"].T


class LinearReshaped(layers.Linear):
    """Linear that reshapes its weight's gradient where it should transpose it.

    grad_output.T @ x has the shape (out_dim, in_dim). reshape makes that (in_dim, out_dim) too, but with
    the numbers in another order.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        self.accumulate(weight=(grad_output.T @ x).reshape(self.in_dim, self.out_dim), bias=grad_output.sum(axis=0))
        return grad_output @ self.parameters["weight"].T


class LinearWithoutBias(layers.Linear):
    """Linear whose bias gets no gradient.

    The bias was added to forward later, and backward was not touched. It stays what it was at the start.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        self.accumulate(weight=x.T @ grad_output)
        return grad_output @ self.parameters["weight"].T


class LinearLastSample(layers.Linear):
    """Linear that goes through the samples one by one, with = where += belongs.

    Each sample's gradient replaces the one before. What is left is the last sample's.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        for row, grad in zip(x, grad_output, strict=True):
            weight, bias = np.outer(row, grad), grad
        self.accumulate(weight=weight, bias=bias)
        return grad_output @ self.parameters["weight"].T


class LinearCountsTwice(layers.Linear):
    """Linear that adds its gradients to themselves.

    A subclass adds what the class above it has added before. The step is twice as long as the learning rate says.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        x = self.saved[-1][0]
        self.accumulate(weight=x.T @ grad_output, bias=grad_output.sum(axis=0))
        return super().backward(grad_output)


class LinearFlattens(layers.Linear):
    """Linear whose input gradient has lost its axes.

    As the first layer of the network, nobody looks at what it returns, and nothing raises.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        return super().backward(grad_output).ravel()


class LinearSumsAll(layers.Linear):
    """Linear whose bias gradient is one sum over everything.

    The axis of the sum was forgotten, and the single number was stretched to the bias's shape.
    """

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        self.accumulate(weight=x.T @ grad_output, bias=np.full(self.out_dim, grad_output.sum()))
        return grad_output @ self.parameters["weight"].T


class ResidualWithoutSkip(layers.Residual):
    """A residual block whose backward forgets the skip.

    Forward adds x to what the layers inside give. Backward goes through these layers only.
    """

    name = "residual"

    def backward(self, grad_output: Array) -> Array:
        found: Array = self.inner.backward(grad_output)
        return found


class EmbeddingOverwrites(layers.Embedding):
    """An embedding that adds with fancy indices.

    gradient[x] += grad_output counts an index once however often it occurs in x: numpy reads, adds and writes the
    whole selection, and the last one wins. np.add.at is what was meant.
    """

    name = "embedding"

    def backward(self, grad_output: Array) -> None:
        (x,) = self.take()
        gradient = np.zeros((self.count, self.dim), grad_output.dtype)
        gradient[x] += grad_output
        self.accumulate(weight=gradient)


class SequentialAddsAgain(layers.Sequential):
    """A block that collects the gradients of its layers, and adds them to where they are already.

    Its author thought of a copy, but the layer inside is the same one that the optimiser sees.
    """

    name = "block"

    def backward(self, grad_output: Array) -> Any:
        out = super().backward(grad_output)
        for layer in self.layers:
            layer.accumulate(**layer.gradients)
        return out


def one(kind: Any, cause: str, *tensors: str, sizes: tuple[int, int] = (3, 2)) -> Any:
    expected: list[Expected] = [(cause, "linear", tensor, None) for tensor in tensors]
    first, last = sizes
    return fault(
        kind,
        lambda rng: [kind(first, last, rng=rng), layers.Tanh(), layers.Linear2(last, 2, rng=rng, name="head")],
        (5, first),
        (5, 2),
        *expected,
    )


def residual(rng: np.random.Generator) -> list[layers.Layer]:
    inner = [layers.Linear2(4, 4, rng=rng), layers.Tanh()]
    return [layers.Linear2(3, 4, rng=rng), ResidualWithoutSkip(*inner), layers.Linear2(4, 2, rng=rng)]


FAULTS = (
    one(LinearOverOutDim, "wrong-scale", "grad_input", sizes=(3, 4)),
    one(LinearOverBatch, "wrong-scale", "grad_weight", "grad_bias"),
    one(LinearUntransposed, "transposed", "grad_input", sizes=(3, 3)),
    one(LinearWeightTransposed, "transposed", "grad_weight", sizes=(3, 3)),
    one(LinearReshaped, "transposed", "grad_weight"),
    one(LinearWithoutBias, "zero-gradient", "grad_bias"),
    one(LinearLastSample, "missing-accumulation", "grad_weight", "grad_bias"),
    one(LinearCountsTwice, "double-accumulation", "grad_weight", "grad_bias"),
    one(LinearFlattens, "wrong-shape", "grad_input"),
    one(LinearSumsAll, "unknown", "grad_bias"),
    fault(ResidualWithoutSkip, residual, (5, 3), (5, 2), ("missing-term", "residual", "grad_input", None)),
    fault(
        EmbeddingOverwrites,
        lambda rng: [EmbeddingOverwrites(4, 3, rng=rng), layers.Linear(3, 2, rng=rng)],
        (6,),
        (6, 2),
        ("missing-accumulation", "embedding", "grad_weight", None),
        count=4,
    ),
    fault(
        SequentialAddsAgain,
        lambda rng: [
            SequentialAddsAgain([layers.Linear2(3, 4, rng=rng), layers.Tanh()]),
            layers.Linear2(4, 2, rng=rng),
        ],
        (5, 3),
        (5, 2),
        ("double-accumulation", "block.linear", "grad_weight", None),
        ("double-accumulation", "block.linear", "grad_bias", None),
    ),
)
