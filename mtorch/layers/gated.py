"""Gated recurrent layers: LSTM and GRU, made of Linears and activations that are called at every time step."""

from __future__ import annotations

import numpy as np

from mtorch.init import generator
from mtorch.layers.activation import Sigmoid, Tanh
from mtorch.layers.base import Array, DTypeLike
from mtorch.layers.linear import Linear2
from mtorch.layers.recurrent import Recurrent, States


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000).

    Notation: x (seq, batch, in_dim), h0 and c0 (batch, out_dim), h (seq, batch, out_dim), h[-1] = h0, c[-1] = c0;
    i, f, o, g the input, forget and output gates and the candidate, each (batch, out_dim)

        forward   [i, f, o] = sigmoid(gates([h[t-1], x[t]]))
                  g = candidate_tanh(candidate([h[t-1], x[t]]))
                  c[t] = f * c[t-1] + i * g
                  u = tanh(c[t])
                  h[t] = o * u
        backward  grad_h = grad_output[t] + grad_h
                  grad_c = grad_c + tanh.backward(grad_h * o)
                  grad_hx = gates.backward(sigmoid.backward([grad_c * g, grad_c * c[t-1], grad_h * u]))
                  grad_g = candidate.backward(candidate_tanh.backward(grad_c * i))
                  [grad_h, grad_x[t]] = grad_hx + grad_g
                  grad_c = grad_c * f

    gates and candidate are Linears. Takes (h0, c0, x), or x alone; see
    Recurrent. Weights as in Linear; the bias of f starts at 1 (Jozefowicz et al. 2015).
    """

    states = ("h0", "c0")
    gate_letters = "ifo"

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        num_layers: int = 1,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(in_dim, out_dim, num_layers, name)
        rng = generator(rng)
        self.gates = Linear2(out_dim + in_dim, 3 * out_dim, rng=rng, dtype=dtype, name="gates")
        self.gates.parameters["bias"] = np.repeat(np.array([0, 1, 0], dtype), out_dim)
        self.sigmoid = Sigmoid()
        self.candidate = Linear2(out_dim + in_dim, out_dim, rng=rng, dtype=dtype, name="candidate")
        self.candidate_tanh = Tanh(name="candidate_tanh")
        self.tanh = Tanh()
        self.put_on_top(rng=rng, dtype=dtype)

    def time_step(self, x: Array, *states: Array) -> States:
        h, c = states
        hx = np.concatenate((h, x), axis=1)
        ifo = self.sigmoid(self.gates(hx))
        i, f, o = (ifo[:, k * self.out_dim : (k + 1) * self.out_dim] for k in range(3))
        g = self.candidate_tanh(self.candidate(hx))
        u = self.tanh(f * c + i * g)
        self.save(c, i, f, o, g, u)
        return o * u, f * c + i * g

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        grad_h, grad_c = grad_states
        c, i, f, o, g, u = self.take()
        grad_c = grad_c + self.tanh.backward(grad_h * o)
        grad_g = self.candidate.backward(self.candidate_tanh.backward(grad_c * i))
        grad_ifo = np.concatenate((grad_c * g, grad_c * c, grad_h * u), axis=1)
        grad_hx = self.gates.backward(self.sigmoid.backward(grad_ifo)) + grad_g
        return grad_hx[:, self.out_dim :], grad_hx[:, : self.out_dim], grad_c * f


class GRU(Recurrent):
    """A gated recurrent unit (Cho et al. 2014), with the reset gate behind the hidden state's Linear, as in PyTorch.

    Notation: x (seq, batch, in_dim), h0 (batch, out_dim), h (seq, batch, out_dim), h[-1] = h0; r, z, n the
    reset and update gates and the candidate, each (batch, out_dim); v what the hidden state adds to it

        forward   [r, z] = sigmoid(gates([h[t-1], x[t]]))
                  v = from_hidden(h[t-1])
                  n = tanh(from_input(x[t]) + r * v)
                  h[t] = n + z * (h[t-1] - n)
        backward  grad_h = grad_output[t] + grad_h
                  grad_n = tanh.backward(grad_h * (1 - z))
                  grad_hx = gates.backward(sigmoid.backward([grad_n * v, grad_h * (h[t-1] - n)]))
                  grad_x[t] = grad_hx's x + from_input.backward(grad_n)
                  grad_h = grad_hx's h + from_hidden.backward(grad_n * r) + grad_h * z

    gates, from_hidden and from_input are Linears. Takes (h0, x), or x alone; see Recurrent.
    """

    states = ("h0",)
    gate_letters = "rz"

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        num_layers: int = 1,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(in_dim, out_dim, num_layers, name)
        rng = generator(rng)
        self.gates = Linear2(out_dim + in_dim, 2 * out_dim, rng=rng, dtype=dtype, name="gates")
        self.sigmoid = Sigmoid()
        self.from_hidden = Linear2(out_dim, out_dim, rng=rng, dtype=dtype, name="from_hidden")
        self.from_input = Linear2(in_dim, out_dim, rng=rng, dtype=dtype, name="from_input")
        self.tanh = Tanh()
        self.put_on_top(rng=rng, dtype=dtype)

    def time_step(self, x: Array, *states: Array) -> States:
        (h,) = states
        rz = self.sigmoid(self.gates(np.concatenate((h, x), axis=1)))
        r, z = rz[:, : self.out_dim], rz[:, self.out_dim :]
        v = self.from_hidden(h)
        n = self.tanh(self.from_input(x) + r * v)
        self.save(h, r, z, v, n)
        return (n + z * (h - n),)

    def time_step_back(self, *grad_states: Array) -> tuple[Array, ...]:
        (grad_h,) = grad_states
        h, r, z, v, n = self.take()
        grad_n = self.tanh.backward(grad_h * (1 - z))
        grad_rz = np.concatenate((grad_n * v, grad_h * (h - n)), axis=1)
        grad_hx = self.gates.backward(self.sigmoid.backward(grad_rz))
        grad_h = grad_hx[:, : self.out_dim] + self.from_hidden.backward(grad_n * r) + grad_h * z
        return grad_hx[:, self.out_dim :] + self.from_input.backward(grad_n), grad_h
