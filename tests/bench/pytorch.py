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


def gradcheck_perceptron(training: Training, fast: bool) -> Callable[[], object]:
    """PyTorch's own check of the same network's parameters, in double precision."""
    x, labels = training.batches.batch(0)
    state = training.model.state_dict()
    parameters = [
        torch.from_numpy(state[f"linear{n}.{name}"].astype("f8").T.copy()).requires_grad_()
        for n in (1, 2, 3)
        for name in ("weight", "bias")
    ]
    inputs = torch.from_numpy(x).double()
    target = torch.nn.functional.one_hot(torch.from_numpy(labels).long(), 10).double()

    def loss(*p: torch.Tensor) -> torch.Tensor:
        h = torch.relu(torch.nn.functional.linear(inputs, p[0], p[1]))
        h = torch.relu(torch.nn.functional.linear(h, p[2], p[3]))
        y = torch.sigmoid(torch.nn.functional.linear(h, p[4], p[5]))
        return 0.5 * ((y - target) ** 2).sum() / len(inputs)

    return lambda: torch.autograd.gradcheck(loss, parameters, fast_mode=fast)


def gradcheck_recurrent(training: Training) -> Callable[[], object]:
    (h0, x), target = training.batches.batch(0)
    hidden = training.model.state_dict()["linear.weight"].shape[0]
    rnn = torch.nn.RNN(1, hidden).double()
    names = [name for name, _ in rnn.named_parameters()]
    head = torch.nn.Linear(hidden, 1).double()
    wanted = torch.from_numpy(target).double()

    def loss(h: torch.Tensor, xs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *p: torch.Tensor) -> Any:
        outputs, _ = torch.func.functional_call(rnn, dict(zip(names, p, strict=True)), (xs, h))
        return 0.5 * ((torch.nn.functional.linear(outputs, weight, bias) - wanted) ** 2).mean()

    values = (torch.from_numpy(h0)[None], torch.from_numpy(x), head.weight, head.bias, *rnn.parameters())
    inputs = [value.detach().double().clone().requires_grad_() for value in values]
    return lambda: torch.autograd.gradcheck(loss, inputs, fast_mode=True)
