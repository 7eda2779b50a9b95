#!/usr/bin/env python3
# autoencoder on tiny "digits" (5x4 pictures), sigmoid units throughout
import numpy as np

PICS = """
.##. ..#. .##. ###. #..# ####
#..# .##. #..# ...# #..# #...
#..# ..#. ..#. .##. #### ###.
#..# ..#. .#.. ...# ...# ...#
.##. .### #### ###. ...# ###.
"""

rows = [line.split() for line in PICS.strip().splitlines()]
digits = np.array([[[ch == '#' for ch in rows[r][d]] for r in range(5)] for d in range(6)], dtype=float).reshape(6, 20)


def sigmoid(x, deriv=False):
    s = 1.0 / (1.0 + np.exp(-x))
    if deriv:
        return s * (1 - s)
    return s


class SigmoidLayer:
    def __init__(self, inputs, outputs, rng):
        lim = 4 * np.sqrt(6.0 / (inputs + outputs))
        self.w = rng.uniform(-lim, lim, (inputs, outputs))
        self.bias = np.zeros(outputs)

    def forward(self, x):
        self.x = x
        self.net = x.dot(self.w) + self.bias
        self.out = sigmoid(self.net)
        return self.out

    def backward(self, error):
        delta = error * sigmoid(self.net, deriv=True)
        self.w_grad = self.x.T.dot(delta)
        self.bias_grad = delta.sum(axis=0)
        return delta.dot(self.w.T)

    def update(self, lr, momentum):
        self.w_step = momentum * getattr(self, 'w_step', 0) - lr * self.w_grad
        self.bias_step = momentum * getattr(self, 'bias_step', 0) - lr * self.bias_grad
        self.w += self.w_step
        self.bias += self.bias_step


class AutoEncoder:
    def __init__(self, sizes, seed=0):
        rng = np.random.RandomState(seed)
        self.rng = rng
        self.layers = [SigmoidLayer(a, b, rng) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, error):
        for layer in self.layers[::-1]:
            error = layer.backward(error)

    def fit(self, data, epochs=100, lr=0.2, momentum=0.8, noise=0.1):
        for epoch in range(epochs):
            noisy = np.abs(data - (self.rng.rand(*data.shape) < noise))
            out = self.forward(noisy)
            err = out - data
            self.backward(err)
            for layer in self.layers:
                layer.update(lr, momentum)
            if epoch % 20 == 0:
                print('epoch %4d  error %.4f' % (epoch, 0.5 * np.sum(err ** 2)))


ae = AutoEncoder([20, 6, 20])
ae.fit(digits)
