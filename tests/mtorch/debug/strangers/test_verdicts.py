"""What an observer makes of calls: programs as they run, with classes watched that are defined here."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from mtorch.debug.events import Trace
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.instruments import NAMES, Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly


class Watched:
    """While entered, calls of the classes are observed; `verdicts` are of each iteration that is over by then."""

    def __init__(self, *classes: type) -> None:
        self.classes = classes
        self.verdicts: list[dict[str, bool | None]] = []
        self.observer = Observer(self.over)
        self.instruments = Instruments(self.observer, "")

    def over(self, trace: Trace, state: Any) -> None:
        with quietly(*self.classes):
            report = examined(trace)
        self.verdicts.append({f"{check.path}.{check.tensor}": check.ok for check in report.checks})

    def __enter__(self) -> Watched:
        self.instruments.__enter__()
        for cls in self.classes:
            self.instruments.attach(cls, NAMES[0])
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self.observer.end()
        finally:
            self.instruments.__exit__()
        assert not self.observer.broken


class ReLU:
    """Keeps nothing of what it was given."""

    def forward(self, x: Any) -> Any:
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad: Any) -> Any:
        return grad * self.mask


def test_a_gradient_in_the_place_of_an_input_that_is_gone_is_a_gradient() -> None:
    relu, x, ones = ReLU(), np.linspace(-1.0, 2.0, 12).reshape(4, 3), np.ones((4, 3))
    with Watched(ReLU) as watched:
        relu.forward(x + 0.1)
        relu.backward(x - ones)  # the first new array since the input has gone gets its address
    assert watched.verdicts == [{"relu.grad_input": True}]


class Square:
    """Refuses what isn't of three columns."""

    def forward(self, x: Any) -> Any:
        if x.shape[1] != 3:
            raise ValueError
        self.x = x
        return x * x

    def backward(self, grad: Any) -> Any:
        if grad.shape != self.x.shape:
            raise ValueError
        return 2 * self.x * grad


def test_calls_that_raised_and_were_made_again_are_no_calls() -> None:
    square, x = Square(), np.linspace(-1.0, 2.0, 12).reshape(4, 3)
    with Watched(Square) as watched:
        square.forward(x)
        for method in (square.forward, square.backward):
            with contextlib.suppress(ValueError):
                method(x[:, :2])
        square.backward(x - 1)
    assert watched.verdicts == [{"square.grad_input": True}]


class Share:
    """Of shares alone: a step from 0 or 1 on is refused."""

    def forward(self, x: Any) -> Any:
        if x.real.min() < 0 or x.real.max() > 1:
            raise ValueError("no share")
        self.x = x
        return x.real**2

    def backward(self, grad: Any) -> Any:
        return 2 * self.x * grad


def test_a_layer_that_refuses_some_numbers_is_checked_with_others() -> None:
    share, square, x = Share(), Square(), np.linspace(0.0, 1.0, 12).reshape(4, 3)
    with Watched(Share, Square) as watched:
        y = square.forward(share.forward(x))
        share.backward(square.backward(y - 1))
    assert watched.verdicts == [{"square.grad_input": True, "share.grad_input": True}]


class Dense:
    def __init__(self) -> None:
        self.W = np.linspace(-1.0, 1.0, 9).reshape(3, 3) ** 2

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, grad: Any) -> Any:
        self.dW = self.x.T @ grad
        return grad @ self.W.T


dense = Dense()


class Net:
    """Calls a layer that it doesn't hold."""

    def forward(self, x: Any) -> Any:
        return dense.forward(x) * 2

    def backward(self, grad: Any) -> Any:
        return dense.backward(grad * 2)


def test_a_layer_that_is_not_held_is_tried_as_it_was_and_left_as_it_is() -> None:
    net, x = Net(), np.linspace(-1.0, 2.0, 12).reshape(4, 3)
    with Watched(Net, Dense) as watched:
        for number in range(2):
            net.backward(net.forward(x + number) - 1)
            dense.W -= 0.1 * dense.dW
            weight, gradient = dense.W.copy(), dense.dW.copy()
    assert np.array_equal(dense.W, weight) and np.array_equal(dense.dW, gradient)
    right = {"net.grad_input": True, "net.dense.grad_input": True, "net.dense.grad_W": True}
    assert watched.verdicts == [right, right]


class Table:
    """Rows by their numbers; the zeros of `shift` hide that its backward forgets them."""

    def __init__(self) -> None:
        self.W, self.shift = np.linspace(-1.0, 1.0, 12).reshape(4, 3), np.zeros((4, 3))

    def forward(self, rows: Any) -> Any:
        self.rows = rows
        return self.W[rows] * (1 + self.shift[rows])

    def backward(self, grad: Any) -> Any:
        self.dW, self.dshift = np.zeros((4, 3)), np.zeros((4, 3))
        np.add.at(self.dW, self.rows, grad)
        np.add.at(self.dshift, self.rows, grad * self.W[self.rows])


def test_what_zeros_hide_is_found_where_there_is_no_input_of_floats() -> None:
    table = Table()
    with Watched(Table) as watched:
        table.backward(table.forward(np.array([0, 2, 2])) - 1)
    assert watched.verdicts == [{"table.grad_W": False, "table.grad_shift": True}]
