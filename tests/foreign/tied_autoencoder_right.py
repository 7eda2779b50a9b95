import numpy as np


class Layer:
    """Base class. Every layer needs forward and backward."""

    def forward(self, x):
        raise NotImplementedError

    def backward(self, dy):
        raise NotImplementedError

    def params(self):
        return []

    def zero_grad(self):
        pass


class Linear(Layer):
    def __init__(self, n_in, n_out, rng):
        self.W = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
        self.b = np.zeros(n_out)
        self.zero_grad()

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW += self.x.T @ dy
        self.db += dy.sum(axis=0)
        return dy @ self.W.T

    def params(self):
        return [(self.W, self.dW), (self.b, self.db)]

    def zero_grad(self):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)


class TanhLinear(Linear):
    """Linear + tanh in one."""

    def forward(self, x):
        self.y = np.tanh(super().forward(x))
        return self.y

    def backward(self, dy):
        return super().backward(dy * (1 - self.y ** 2))


class TiedLinear(Layer):
    """Decoder that uses the encoder's weights, transposed. Only the bias is its own."""

    def __init__(self, encoder):
        self.encoder = encoder
        self.b = np.zeros(encoder.W.shape[0])
        self.zero_grad()

    def forward(self, h):
        self.h = h
        return h @ self.encoder.W.T + self.b

    def backward(self, dy):
        self.encoder.dW += dy.T @ self.h
        self.db += dy.sum(axis=0)
        return dy @ self.encoder.W

    def params(self):
        return [(self.b, self.db)]      # W is in the encoder's list already

    def zero_grad(self):
        self.db = np.zeros_like(self.b)


class AutoEncoder(Layer):
    def __init__(self, n, n_hidden, rng):
        self.enc = TanhLinear(n, n_hidden, rng)
        self.dec = TiedLinear(self.enc)
        self.layers = [self.enc, self.dec]

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, dy):
        for l in self.layers[::-1]:
            dy = l.backward(dy)
        return dy

    def params(self):
        return sum([l.params() for l in self.layers], [])

    def zero_grad(self):
        for l in self.layers:
            l.zero_grad()


def clip_grad_norm(params, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for _, g in params))
    if norm > max_norm:
        for _, g in params:
            g *= max_norm / norm
    return norm


if __name__ == '__main__':
    rng = np.random.default_rng(0)
    # rank-3 data in 10 dimensions
    data = rng.standard_normal((48, 3)) @ rng.standard_normal((3, 10)) * 0.6 + 0.05 * rng.standard_normal((48, 10))

    net = AutoEncoder(10, 4, rng)
    lr, micro, accumulate = 0.1, 8, 3

    step = 0
    for epoch in range(30):
        for start in range(0, len(data), micro * accumulate):
            net.zero_grad()
            loss = 0
            for k in range(accumulate):     # 3 micro-batches, one update
                x = data[start + k * micro:start + (k + 1) * micro]
                diff = net.forward(x) - x
                loss += (diff ** 2).sum() / (micro * accumulate)
                net.backward(2 * diff / (micro * accumulate))
            norm = clip_grad_norm(net.params(), 2.0)
            for p, g in net.params():
                p -= lr * g
            step += 1
        if epoch % 5 == 0:
            print('step', step, 'loss %.4f' % loss, 'grad norm %.3f' % norm)
