"""A network of layers that know nothing of mtorch, for `mtorch debug docs/own_layers.py`.

Its tanh has a fault: backward takes the derivative at the output.
"""

import numpy as np


class Dense:
    def __init__(self, inputs, outputs, rng):
        self.W = rng.normal(0, inputs**-0.5, (inputs, outputs))
        self.b = np.zeros(outputs)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - np.tanh(self.y) ** 2)


def build(seed):
    rng = np.random.default_rng(seed)
    first, tanh, last = Dense(2, 8, rng), Tanh(), Dense(8, 1, rng)

    def step(iteration):
        x = rng.uniform(-1, 1, (16, 2))
        y = x[:, :1] * x[:, 1:]
        error = last.forward(tanh.forward(first.forward(x))) - y
        first.backward(tanh.backward(last.backward(2 * error / len(x))))
        for dense in (first, last):
            dense.W -= 0.1 * dense.dW
            dense.b -= 0.1 * dense.db
        return float((error**2).mean())

    return step
