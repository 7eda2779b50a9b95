"""Layers are functions that return (output, backprop). No classes at all."""
import numpy as np

rng = np.random.RandomState(8)


def linear(n_in, n_out):
    W = rng.randn(n_in, n_out) * (2 / n_in) ** 0.5
    b = np.zeros(n_out)

    def forward(x):
        def backprop(dy, update):
            dx = dy @ W.T
            update(W, x.T @ dy)
            update(b, dy.sum(0))
            return dx
        return x @ W + b, backprop
    return forward


def mish():
    def forward(x):
        sp = np.log1p(np.exp(x))
        th = np.tanh(sp)

        def backprop(dy, update):
            sig = 1 / (1 + np.exp(-x))
            return dy * (th + x * (1 - th ** 2) * sig)
        return x * th, backprop
    return forward


def dropout(p):
    def forward(x):
        keep = rng.rand(*x.shape) >= p
        mask = keep / (1 - p)

        def backprop(dy, update):
            return dy
        return x * mask, backprop
    return forward


def chain(*layers):
    def forward(x):
        callbacks = []
        for layer in layers:
            x, callback = layer(x)
            callbacks.append(callback)

        def backprop(dy, update):
            for callback in reversed(callbacks):
                dy = callback(dy, update)
            return dy
        return x, backprop
    return forward


def sgd(lr):
    def update(param, grad):
        param -= lr * grad
    return update


model = chain(
    linear(5, 12), mish(), dropout(0.25),
    linear(12, 12), mish(),
    linear(12, 1),
)

X = rng.randn(100, 5)
Y = (X[:, :2] ** 2).sum(1, keepdims=True) - X[:, 2:3]
optimizer = sgd(0.02)

for i in range(100):
    idx = rng.choice(100, 25, False)
    yh, backprop = model(X[idx])
    d = yh - Y[idx]
    loss = (d * d).mean()
    backprop(2 * d / len(d), optimizer)
    if i % 20 == 0:
        print(i, 'loss', loss)
