"""The same arithmetic without a framework, as one would write it in numpy: what the layers are measured against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mtorch import Training

Step = Callable[[int], Any]


def perceptron(training: Training) -> Step:
    """An iteration of the digits' perceptron: two hidden layers of relu, a sigmoid, half the squared error, SGD."""
    state, lr, batches = training.model.state_dict(), training.optimizer.current_lr, training.batches
    w0, w1, w2 = (state[f"linear{n}.weight"].copy() for n in (1, 2, 3))
    b0, b1, b2 = (state[f"linear{n}.bias"].copy() for n in (1, 2, 3))

    def step(iteration: int) -> Any:
        nonlocal w0, w1, w2, b0, b1, b2
        x, labels = batches.batch(iteration)
        target = np.eye(10, dtype=np.float32)[labels]
        z0 = x @ w0 + b0
        a0 = np.maximum(z0, 0)
        z1 = a0 @ w1 + b1
        a1 = np.maximum(z1, 0)
        y = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
        difference = y - target
        loss = 0.5 * (difference * difference).sum() / len(x)
        g = difference / len(x) * y * (1 - y)
        dw2, db2 = a1.T @ g, g.sum(axis=0)
        g = (g @ w2.T) * (z1 > 0)
        dw1, db1 = a0.T @ g, g.sum(axis=0)
        g = (g @ w1.T) * (z0 > 0)
        dw0, db0 = x.T @ g, g.sum(axis=0)
        w0, w1, w2 = w0 - lr * dw0, w1 - lr * dw1, w2 - lr * dw2
        b0, b1, b2 = b0 - lr * db0, b1 - lr * db1, b2 - lr * db2
        return loss

    return step


def recurrent(training: Training) -> Step:
    """An iteration of the sine's RNN: tanh at each time step, a linear head, half the mean squared error, SGD."""
    state, lr, batches = training.model.state_dict(), training.optimizer.current_lr, training.batches
    wh, bh, wo, bo = (
        state[name].copy() for name in ("rnn.linear.weight", "rnn.linear.bias", "linear.weight", "linear.bias")
    )

    def step(iteration: int) -> Any:
        nonlocal wh, bh, wo, bo
        (h, xs), target = batches.batch(iteration)
        hidden = h.shape[1]
        seen, hs = [], []
        for x in xs:
            hx = np.concatenate((h, x), axis=1)
            h = np.tanh(hx @ wh + bh)
            seen.append(hx)
            hs.append(h)
        h = np.stack(hs)
        difference = h @ wo + bo - target
        loss = 0.5 * (difference * difference).sum() / difference.size
        g = difference / difference.size
        flat = g.reshape(-1, 1)
        dwo, dbo = h.reshape(-1, hidden).T @ flat, flat.sum(axis=0)
        gh = g @ wo.T
        dwh, dbh, back = np.zeros_like(wh), np.zeros_like(bh), np.zeros_like(h[0])
        for t in range(len(xs) - 1, -1, -1):
            z = (gh[t] + back) * (1 - hs[t] * hs[t])
            dwh += seen[t].T @ z
            dbh += z.sum(axis=0)
            back = (z @ wh.T)[:, :hidden]
        wh, bh, wo, bo = wh - lr * dwh, bh - lr * dbh, wo - lr * dwo, bo - lr * dbo
        return loss

    return step
