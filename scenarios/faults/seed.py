"""The seed's layers to the letter: a framework whose RNN "cannot be trained normally".

Its author wrote Linear and the activations for networks that call each layer once, and kept one
input in each. The RNN calls them once per time step, and every backward then saw the last step's.

1. Every layer keeps only the input of its last call, so all time steps but the last get the
   derivative of the wrong step (stale cache).
2. The network ends in a sigmoid, and half of all cosines are negative (unreachable target).
3. Linear divides its input gradient by out_dim and its weight gradient by the batch, while the loss
   is a sum (wrong scale).
4. RNN returns, as the gradient of h0, the gradient of the first hidden state (wrong tensor).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.data import SineCosine
from mtorch.layers.base import Array, Layer
from scenarios.registry import Scenario


class SeedLinear(layers.Linear):
    """Linear with one saved input and two divisions that the loss doesn't have."""

    name = "linear"

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.parameters["weight"] + self.parameters["bias"]

    def backward(self, grad_output: Array) -> Array:
        batch = self.x.shape[-2]
        flat = grad_output.reshape(-1, self.out_dim)
        self.gradients = {
            "weight": self.x.reshape(-1, self.in_dim).T @ flat / batch,
            "bias": flat.sum(axis=0) / batch,
        }
        return grad_output @ self.parameters["weight"].T / self.out_dim


class SeedTanh(layers.Tanh):
    """Tanh with one saved input."""

    name = "tanh"

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.tanh(x)

    def backward(self, grad_output: Array) -> Array:
        return grad_output * (1 - np.tanh(self.x) ** 2)


class SeedRNN(Layer):
    """The RNN of the document: right in itself, had its layers kept an input per time step."""

    name = "rnn"
    input_names = ("h0", "x")
    grad_input_names = ("grad_x", "grad_h0")

    def __init__(self, in_dim: int, out_dim: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.in_dim, self.out_dim = in_dim, out_dim
        self.linear = SeedLinear(out_dim + in_dim, out_dim, rng=rng)
        self.activation = SeedTanh()

    def forward(self, inputs: Any) -> Array:
        h, xs = inputs
        outputs = []
        for x in xs:
            h = self.activation(self.linear(np.c_[h, x]))
            outputs.append(h)
        self.outputs = np.stack(outputs)
        return self.outputs

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        weight_gradient = np.zeros_like(self.linear.parameters["weight"])
        bias_gradient = np.zeros_like(self.linear.parameters["bias"])
        total_gradient = np.zeros((grad_output.shape[1], self.out_dim + self.in_dim), grad_output.dtype)
        input_gradients = []
        for t in range(len(grad_output) - 1, -1, -1):
            h_gradient = grad_output[t] + total_gradient[:, : self.out_dim]
            z_gradient = self.activation.backward(h_gradient)
            total_gradient = self.linear.backward(z_gradient)
            input_gradients.append(total_gradient[:, self.out_dim :])
            weight_gradient = weight_gradient + self.linear.gradients["weight"]
            bias_gradient = bias_gradient + self.linear.gradients["bias"]
        self.linear.gradients = {"weight": weight_gradient, "bias": bias_gradient}
        return np.stack(input_gradients[::-1]), h_gradient


def make(seed: int, data: Path | None, hidden: int, seq: int, batch: int, lr: float) -> Training:
    rng = np.random.default_rng(seed)
    head = [SeedLinear(hidden, 1, rng=rng), layers.Sigmoid(1)]
    module = Module(Sequential([SeedRNN(1, hidden, rng), *head]))
    waves = SineCosine(batch, seq, hidden, seed=seed)
    return Training(module, SquareLoss(module.backward, reduction="sum"), SGD(module, lr), waves)


def _scaled(path: str, tensor: str, steps: list[int] | None) -> dict[str, Any]:
    return {"cause": "wrong-scale", "path": path, "tensor": tensor, "t": steps}


RNN_SIN_COS_SEED = Scenario(
    "rnn-sin-cos-seed",
    "the seed's RNN to the letter: it cannot be trained normally",
    make,
    {"hidden": 32, "seq": 10, "batch": 32, "lr": 0.1},
    ("rnn", "regression", "fault"),
    (
        {"cause": "stale-cache", "path": "rnn.tanh", "tensor": "grad_input", "t": list(range(9))},
        {"cause": "stale-cache", "path": "rnn.linear", "tensor": "grad_weight", "t": list(range(9))},
        _scaled("rnn.linear", "grad_input", list(range(10))),
        _scaled("rnn.linear", "grad_weight", list(range(10))),
        _scaled("rnn.linear", "grad_bias", list(range(10))),
        _scaled("linear", "grad_weight", None),
        _scaled("linear", "grad_bias", None),
        {"cause": "wrong-tensor", "path": "rnn", "tensor": "grad_h0", "t": None},
        {"cause": "unreachable-target", "path": "sigmoid", "tensor": "output", "t": None},
    ),
)
