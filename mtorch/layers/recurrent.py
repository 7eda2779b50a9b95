"""Recurrent layers: what they share, and RNN: one Linear and one activation, called at every time step."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np

from mtorch.errors import MtorchError, ShapeError, describe
from mtorch.init import generator
from mtorch.layers.activation import Activation, Tanh
from mtorch.layers.base import Array, DTypeLike, Layer, Shape
from mtorch.layers.linear import Linear2

States = tuple[Array, ...]


class Recurrent(Layer):
    """Base of the recurrent layers: a step that is taken once for each x[t], from the states that the last one left.

    The first state is what comes out: h. forward takes x (seq, batch, in_dim), or a tuple of the initial
    states, each (batch, out_dim), and x; without initial states they are zeros. backward returns the
    gradient of x, or a tuple of it and those of the initial states. With `num_layers` of 2 or more
    another such layer lies on top, in `upper`, and takes h as its x; initial states are then
    (num_layers, batch, out_dim), from the lowest layer up. Raises ShapeError for states or x of the wrong shape.
    """

    states: ClassVar[tuple[str, ...]]
    gate_letters: ClassVar[str] = ""
    """The letters of the gates that lie side by side in the outputs of the layers called gates and sigmoid."""

    def __init__(self, in_dim: int, out_dim: int, num_layers: int, name: str | None) -> None:
        super().__init__(name)
        if num_layers < 1:
            raise MtorchError(f"{describe(self)} expected a num_layers of 1 or more, got {num_layers}")
        self.in_dim, self.out_dim, self.num_layers = in_dim, out_dim, num_layers
        self.upper: Recurrent | None = None
        self.input_names = (*self.states, "x")
        self.grad_input_names = ("grad_x", *(f"grad_{state}" for state in self.states))

    def put_on_top(self, **options: Any) -> None:
        """Make the layers above this one, with these options of its constructor. The last that a constructor does."""
        if self.num_layers > 1:
            kind: Any = type(self)
            self.upper = kind(self.out_dim, self.out_dim, num_layers=self.num_layers - 1, name="upper", **options)

    def time_step(self, x: Array, *states: Array) -> States:
        """One time step: from x[t] and the states before it to the states after it."""
        raise NotImplementedError

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        """The gradients of x[t] and of the states before it, from those of the states after it."""
        raise NotImplementedError

    def output_shape(self, shape: Shape) -> Shape:
        *initial, x = shape if shape and isinstance(shape[0], tuple) else (shape,)
        if len(x) != 3 or x[2] != self.in_dim:
            raise ShapeError(self, f"x of shape (seq, batch, {self.in_dim})", x)
        if not x[0]:
            raise ShapeError(self, "at least one time step", x)
        if initial and len(initial) != len(self.states):
            raise ShapeError(self, f"x alone or ({', '.join(self.input_names)})", f"{len(shape)} arrays")
        expected = (x[1], self.out_dim) if self.num_layers == 1 else (self.num_layers, x[1], self.out_dim)
        for name, state in zip(self.states, initial, strict=False):
            if state != expected:
                raise ShapeError(self, f"{name} of shape {expected}", state)
        return (x[0], x[1], self.out_dim)

    def forward(self, inputs: Any) -> Array:
        *initial, xs = inputs if isinstance(inputs, tuple | list) else (inputs,)
        self.fits((*(state.shape for state in initial), xs.shape) if initial else xs.shape)
        states, above = self._lowest(initial, xs)
        outputs = []
        for x in xs:
            states = self.time_step(x, *states)
            outputs.append(states[0])
        self.save(len(xs), bool(initial))
        h = np.array(outputs)
        if self.upper is None:
            return h
        return self.upper.forward((*above, h) if above else h)

    def _lowest(self, initial: list[Array], xs: Array) -> tuple[States, States]:
        """The initial states of this layer, and those of the ones above it."""
        if not initial:
            return (np.zeros((xs.shape[1], self.out_dim), xs.dtype),) * len(self.states), ()
        if self.upper is None:
            return tuple(initial), ()
        above = (state[1] if self.num_layers == 2 else state[1:] for state in initial)
        return tuple(state[0] for state in initial), tuple(above)

    def backward(self, grad_output: Array) -> Any:
        seq, given = self.take()
        if grad_output.shape[:1] != (seq,) or grad_output.shape[2:] != (self.out_dim,):
            raise ShapeError(self, f"a gradient of shape ({seq}, batch, {self.out_dim})", grad_output.shape)
        above: States = ()
        if self.upper is not None:
            found = self.upper.backward(grad_output)
            grad_output, *above = found if given else (found,)  # type: ignore[assignment]
        grads: States = (np.zeros_like(grad_output[0]),) * len(self.states)
        grad_x = []
        for grad in grad_output[::-1]:
            x, *grads = self.time_step_back(grad + grads[0], *grads[1:])  # type: ignore[assignment]
            grad_x.append(x)
        whole = np.array(grad_x[::-1])
        if not given:
            return whole
        if self.upper is None:
            return (whole, *grads)
        higher = (grad[None] if grad.ndim == 2 else grad for grad in above)
        return (whole, *(np.concatenate((own[None], up)) for own, up in zip(grads, higher, strict=True)))


class RNN(Recurrent):
    """A recurrent layer (Elman 1990).

    Notation: x (seq, batch, in_dim), h0 (batch, out_dim), h (seq, batch, out_dim), h[-1] = h0

        forward   z = linear([h[t-1], x[t]])
                  h[t] = activation(z)
        backward  grad_z = activation.backward(grad_output[t] + grad_h)
                  [grad_h, grad_x[t]] = linear.backward(grad_z)

    Takes (h0, x), or x alone; see Recurrent.
    """

    states = ("h0",)

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        activation: Activation | None = None,
        coe: float = 1.0,
        num_layers: int = 1,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(in_dim, out_dim, num_layers, name)
        rng = generator(rng)
        self.linear = Linear2(out_dim + in_dim, out_dim, coe, rng=rng, dtype=dtype)
        self.activation = activation or Tanh()
        self.put_on_top(activation=copy.deepcopy(self.activation), coe=coe, rng=rng, dtype=dtype)

    def time_step(self, x: Array, *states: Array) -> States:
        return (self.activation(self.linear(np.concatenate((states[0], x), axis=1))),)

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        grad_hx = self.linear.backward(self.activation.backward(grad_states[0]))
        return grad_hx[:, self.out_dim :], grad_hx[:, : self.out_dim]
