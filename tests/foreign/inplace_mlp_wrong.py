# memory-lean MLP: everything that can be done in place is done in place
import numpy as np

RNG = np.random.RandomState(3)


class Dense:
    def __init__(self, n_in, n_out):
        self.W = RNG.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x, train=True):
        self.x = x[:]               # a view, costs nothing
        out = x @ self.W
        out += self.b
        return out

    def backward(self, grad, lr):
        gx = grad @ self.W.T        # before the update!
        self.W -= lr * (self.x.T @ grad)
        self.b -= lr * grad.sum(0)
        return gx


class ReLU:
    def forward(self, x, train=True):
        np.maximum(x, 0, out=x)
        self.y = x
        return x

    def backward(self, grad, lr):
        grad *= self.y > 0
        return grad


class Tanh:
    def forward(self, x, train=True):
        np.tanh(x, out=x)
        self.y = x
        return x

    def backward(self, grad, lr):
        # 1 - y^2 without a temporary for the product
        d = self.y ** 2
        np.subtract(1, d, out=d)
        d *= grad
        return d


class Dropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = (RNG.rand(*x.shape) > self.p) / (1 - self.p)
        x *= self.mask
        return x

    def backward(self, grad, lr):
        grad *= self.mask
        return grad


class Scale:
    """ y = g * x, one learnable gain per feature """

    def __init__(self, n):
        self.g = RNG.uniform(0.7, 1.3, n)

    def forward(self, x, train=True):
        self.x = x
        x *= self.g
        return x

    def backward(self, grad, lr):
        dg = np.einsum('ij,ij->j', grad, self.x)
        grad *= self.g
        self.g -= lr * dg
        return grad


layers = [
    Dense(4, 16), ReLU(), Dropout(0.2),
    Dense(16, 16), Tanh(), Scale(16),
    Dense(16, 2),
]


def predict(x, train=False):
    for l in layers:
        x = l.forward(x, train)
    return x


def train_step(x, y, lr):
    out = predict(x, True)
    out -= y
    loss = (out ** 2).sum() / len(x)
    out *= 2 / len(x)
    grad = out
    for l in layers[::-1]:
        grad = l.backward(grad, lr)
    return loss


X = RNG.randn(64, 4)
Y = np.stack([X[:, 0] * X[:, 1], np.abs(X[:, 2]) - X[:, 3]], axis=1)

for step in range(120):
    rows = slice(step % 4 * 16, step % 4 * 16 + 16)
    loss = train_step(X[rows], Y[rows], 0.02)
    if (step + 1) % 20 == 0:
        test = ((predict(X.copy()) - Y) ** 2).sum() / len(X)
        print('step', step + 1, 'batch loss', round(loss, 4), 'all', round(test, 4))
