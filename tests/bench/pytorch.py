"""The same networks in PyTorch's eager mode, one thread; imported where torch is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from mtorch import Training

Step = Callable[[int], Any]
torch.set_num_threads(1)


def perceptron(training: Training) -> Step:
    batches = training.batches
    sizes = [training.model.state_dict()[f"linear{n}.weight"].shape for n in (1, 2, 3)]
    (first, hidden), _, (_, classes) = sizes
    net = torch.nn.Sequential(
        torch.nn.Linear(first, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, classes),
        torch.nn.Sigmoid(),
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=training.optimizer.current_lr)

    def step(iteration: int) -> Any:
        x, labels = batches.batch(iteration)
        target = torch.nn.functional.one_hot(torch.from_numpy(labels).long(), classes).float()
        optimizer.zero_grad()
        loss = 0.5 * ((net(torch.from_numpy(x)) - target) ** 2).sum() / len(x)
        loss.backward()
        optimizer.step()
        return loss

    return step


def recurrent(training: Training) -> Step:
    batches = training.batches
    hidden = training.model.state_dict()["linear.weight"].shape[0]
    rnn, head = torch.nn.RNN(1, hidden), torch.nn.Linear(hidden, 1)
    optimizer = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=training.optimizer.current_lr)

    def step(iteration: int) -> Any:
        (h0, x), target = batches.batch(iteration)
        optimizer.zero_grad()
        h, _ = rnn(torch.from_numpy(x), torch.from_numpy(h0)[None])
        loss = 0.5 * ((head(h) - torch.from_numpy(target)) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step
