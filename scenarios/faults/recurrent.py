"""Recurrent layers that are wrong in one way each."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtorch import layers
from mtorch.layers.base import Array
from scenarios.faults.gallery import Expected, fault

SEQ, BATCH, IN, OUT = 4, 5, 2, 3


class TanhOneCache(layers.Tanh):
    """Tanh with room for one saved output, in a layer that calls it at every time step.

    It was written for networks that call each layer once. All time steps get the last one's derivative.
    """

    name = "tanh"

    def forward(self, x: Array) -> Array:
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad_output: Array) -> Array:
        return grad_output * (1 - self.y * self.y)


class RNNOneCache(layers.RNN):
    """An RNN whose tanh keeps the last time step's output only.

    The RNN is right, and so would its tanh be if it were called once.
    """

    name = "rnn"

    def __init__(self, *sizes: int, rng: Any) -> None:
        super().__init__(*sizes, TanhOneCache(), rng=rng)


class LinearReplaces(layers.Linear2):
    """Linear that sets its gradients where it should add to them."""

    name = "linear"

    def backward(self, grad_output: Array) -> Any:
        (x,) = self.take()
        self.gradients = {"weight": x.T @ grad_output, "bias": grad_output.sum(axis=0)}
        return grad_output @ self.parameters["weight"].T


class RNNReplaces(layers.RNN):
    """An RNN whose gradients are those of its first time step.

    Its linear is called at every time step, and each backward call replaces what the one before had left.
    Backward ends at t=0: that one stays.
    """

    name = "rnn"

    def __init__(self, *sizes: int, rng: Any) -> None:
        super().__init__(*sizes, rng=rng)
        self.linear = LinearReplaces(sizes[0] + sizes[1], sizes[1], rng=rng)


class RNNWithoutCarry(layers.RNN):
    """An RNN that goes back one time step and stops.

    Each time step gets its own output's gradient. What the steps after it owe to its h is never added.
    """

    name = "rnn"

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        grad_x, grad_h = super().time_step_back(*grad_states)
        return grad_x, np.zeros_like(grad_h)


class RNNForwardOrder(layers.RNN):
    """An RNN whose backward reads grad_output from the first time step on.

    Backward runs from the last time step to the first, but the loop over grad_output was not turned round.
    """

    name = "rnn"

    def backward(self, grad_output: Array) -> Any:
        return super().backward(grad_output[::-1])


class RNNOffByOne(layers.RNN):
    """An RNN whose time step t gets the gradient of the output at t+1.

    An index runs one ahead of the other. The last time step gets nothing.
    """

    name = "rnn"

    def backward(self, grad_output: Array) -> Any:
        return super().backward(np.concatenate((grad_output[1:], np.zeros_like(grad_output[:1]))))


class RNNNotTurnedBack(layers.RNN):
    """An RNN whose grad_x begins with the last time step.

    Gradients are collected while going backward, and nobody turned the list round at the end.
    """

    name = "rnn"

    def backward(self, grad_output: Array) -> Any:
        return super().backward(grad_output)[::-1]


class LSTMWithoutCell(layers.LSTM):
    """An LSTM that carries back grad_h, and not grad_c.

    c goes from time step to time step as h does, and is what an LSTM remembers by. Without its gradient
    it learns what an RNN would.
    """

    name = "lstm"

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        *first, grad_c = super().time_step_back(*grad_states)
        return (*first, np.zeros_like(grad_c))


class LSTMWithoutHidden(layers.LSTM):
    """An LSTM that carries back grad_c, and not grad_h.

    The gates of the next time step look at h. What they have to say about it is dropped.
    """

    name = "lstm"

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        grad_x, grad_h, grad_c = super().time_step_back(*grad_states)
        return grad_x, np.zeros_like(grad_h), grad_c


class LSTMGatesSwapped(layers.LSTM):
    """An LSTM whose backward has the input gate and the forget gate in each other's place.

    Forward has them as i, f, o. Backward was written after a text that has them as f, i, o.
    """

    name = "lstm"

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        c, i, f, o, g, u = self.saved[-1]
        grad_h, grad_c = grad_states
        self.take()
        grad_c = grad_c + self.tanh.backward(grad_h * o)
        grad_g = self.candidate.backward(self.candidate_tanh.backward(grad_c * i))
        grad_fio = np.concatenate((grad_c * c, grad_c * g, grad_h * u), axis=1)
        grad_hx = self.gates.backward(self.sigmoid.backward(grad_fio)) + grad_g
        return grad_hx[:, self.out_dim :], grad_hx[:, : self.out_dim], grad_c * f


class LSTMStatesSwapped(layers.LSTM):
    """An LSTM that returns grad_c0 and grad_h0 in each other's place.

    Both have the same shape, and whoever trains h0 and c0 trains each by the other's gradient.
    """

    name = "lstm"

    def backward(self, grad_output: Array) -> Any:
        grad_x, grad_h0, grad_c0 = super().backward(grad_output)
        return grad_x, grad_c0, grad_h0


class GRUWithoutReset(layers.GRU):
    """A GRU whose reset gate gets no gradient.

    r multiplies what the hidden state adds to the candidate. Backward takes r for a constant.
    """

    name = "gru"

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        h, r, z, v, n = self.take()
        self.save(h, r, z, np.zeros_like(v), n)
        return super().time_step_back(*grad_states)


def one(kind: Any, *expected: Expected, h0: int = 0) -> Any:
    x: Any = (SEQ, BATCH, IN)
    return fault(
        kind,
        lambda rng: [kind(IN, OUT, rng=rng), layers.Linear3(OUT, 1, rng=rng, name="head")],
        (*[(BATCH, OUT)] * h0, x) if h0 else x,
        (SEQ, BATCH, 1),
        *expected,
    )


def own(cause: str, path: str, *tensors: str) -> list[Expected]:
    return [(cause, path, tensor, None) for tensor in tensors]


FAULTS = (
    one(RNNOneCache, ("stale-cache", "rnn.tanh", "grad_input", [0, 1, 2])),
    one(RNNReplaces, *own("missing-accumulation", "rnn.linear", "grad_weight", "grad_bias")),
    one(RNNWithoutCarry, *own("missing-term", "rnn", "grad_input")),
    one(RNNForwardOrder, *own("wrong-time-index", "rnn", "grad_input")),
    one(RNNOffByOne, *own("wrong-time-index", "rnn", "grad_input")),
    one(RNNNotTurnedBack, *own("wrong-time-index", "rnn", "grad_input")),
    one(LSTMWithoutCell, *own("missing-term", "lstm", "grad_input")),
    one(LSTMWithoutHidden, *own("missing-term", "lstm", "grad_input")),
    one(LSTMGatesSwapped, *own("wrong-tensor", "lstm", "grad_input")),
    one(LSTMStatesSwapped, *own("wrong-tensor", "lstm", "grad_h0", "grad_c0"), h0=2),
    one(GRUWithoutReset, *own("missing-term", "gru", "grad_input")),
)
