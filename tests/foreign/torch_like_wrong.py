"""torch-like mini framework: Parameter, Module with automatic registration, Adam."""
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = np.asarray(data)
        self.grad = None

    def accumulate(self, g):
        self.grad = g if self.grad is None else self.grad + g


class Module:
    def __init__(self):
        object.__setattr__(self, '_params', {})
        object.__setattr__(self, '_modules', {})
        self.training = True

    def __setattr__(self, name, value):
        if isinstance(value, Parameter):
            self._params[name] = value
        elif isinstance(value, Module):
            self._modules[name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        # only called when normal lookup fails
        for store in ('_params', '_modules'):
            d = self.__dict__.get(store, {})
            if name in d:
                return d[name]
        raise AttributeError(name)

    def __call__(self, *args):
        return self.forward(*args)

    def parameters(self):
        yield from self._params.values()
        for m in self._modules.values():
            yield from m.parameters()

    def zero_grad(self):
        for p in self.parameters():
            p.grad = None

    def train(self, mode=True):
        self.training = mode
        for m in self._modules.values():
            m.train(mode)

    def eval(self):
        self.train(False)


class Linear(Module):
    # weight is (out, in), as in torch
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / np.sqrt(in_features)
        self.weight = Parameter(np.random.uniform(-bound, bound, (out_features, in_features)))
        self.bias = Parameter(np.random.uniform(-bound, bound, out_features))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, grad):
        self.weight.accumulate(grad.T @ self.x)
        self.bias.accumulate(grad.sum(0))
        return grad @ self.weight.data


class GELU(Module):
    c = np.sqrt(2 / np.pi)

    def forward(self, x):
        self.x = x
        self.t = np.tanh(self.c * (x + 0.044715 * x ** 3))
        return 0.5 * x * (1 + self.t)

    def backward(self, grad):
        dt = (1 - self.t ** 2) * self.c * (1 + 3 * 0.044715 * self.x ** 2)
        return grad * (0.5 * (1 + self.t) + 0.5 * self.x * dt)


class ResidualBlock(Module):
    """x + gelu(x W^T), W is square"""

    def __init__(self, features):
        super().__init__()
        self.weight = Parameter(np.random.randn(features, features) / np.sqrt(features))
        self.act = GELU()

    def forward(self, x):
        self.x = x
        return x + self.act(x @ self.weight.data.T)

    def backward(self, grad):
        dz = self.act.backward(grad)
        self.weight.accumulate(dz.T @ self.x)
        return grad + dz @ self.weight.data.T


class Sequential(Module):
    def __init__(self, *mods):
        super().__init__()
        for i, m in enumerate(mods):
            setattr(self, str(i), m)

    def forward(self, x):
        for m in self._modules.values():
            x = m(x)
        return x

    def backward(self, grad):
        for m in list(self._modules.values())[::-1]:
            grad = m.backward(grad)
        return grad


class BCEWithLogitsLoss:
    def __call__(self, z, y):
        self.z, self.y = z, y
        return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))

    def backward(self):
        return (1 / (1 + np.exp(-self.z)) - self.y) / self.z.size


class Adam:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.m = [np.zeros_like(p.data) for p in self.params]
        self.v = [np.zeros_like(p.data) for p in self.params]
        self.t = 0

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for i, p in enumerate(self.params):
            self.m[i] = b1 * self.m[i] + (1 - b1) * p.grad
            self.v[i] = b2 * self.v[i] + (1 - b2) * p.grad ** 2
            mhat = self.m[i] / (1 - b1 ** self.t)
            vhat = self.v[i] / (1 - b2 ** self.t)
            p.data -= self.lr * mhat / (np.sqrt(vhat) + self.eps)


if __name__ == '__main__':
    np.random.seed(1337)
    X = np.random.uniform(-1, 1, (96, 2))
    y = (X[:, :1] * X[:, 1:] > 0).astype(np.float64)

    model = Sequential(Linear(2, 10), ResidualBlock(10), ResidualBlock(10), Linear(10, 1))
    criterion = BCEWithLogitsLoss()
    optimizer = Adam(model.parameters(), lr=0.02)

    for epoch in range(100):
        rows = np.random.permutation(len(X))[:32]
        out = model(X[rows])
        loss = criterion(out, y[rows])
        model.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
        if epoch % 20 == 0 or epoch == 99:
            model.eval()
            acc = ((model(X) > 0) == y).mean()
            model.train()
            print(f'epoch {epoch:3d} loss {loss:.4f} acc {acc:.3f}')
