import numpy as np

np.random.seed(42)


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(1.0 / n_in)
        self.b = np.zeros((1, n_out))
        self.dW = None
        self.db = None

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, dZ):
        self.dW = self.X.T @ dZ
        self.db = np.sum(dZ, axis=0, keepdims=True)
        return dZ @ self.W.T


class Tanh:
    def forward(self, X):
        self.out = np.tanh(X)
        return self.out

    def backward(self, dA):
        return dA * (1 - self.out ** 2)


class MSE:
    def forward(self, y_hat, y):
        self.y_hat, self.y = y_hat, y
        return np.mean((y_hat - y) ** 2)

    def backward(self):
        return 2 * (self.y_hat - self.y) / self.y.size


class Network:
    def __init__(self, layers, loss):
        self.layers = layers
        self.loss = loss

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self):
        grad = self.loss.backward()
        for layer in reversed(self.layers):
            grad = layer.backward(grad)


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def update(self, net):
        for layer in net.layers:
            if hasattr(layer, 'W'):
                layer.W = layer.W - self.lr * layer.dW
                layer.b = layer.b - self.lr * layer.db


# y = sin(x1) + x2*x3
N = 256
X = np.random.uniform(-1, 1, (N, 3))
Y = (np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2]).reshape(-1, 1)

net = Network([
    Dense(3, 16),
    Tanh(),
    Dense(16, 16),
    Tanh(),
    Dense(16, 1),
], MSE())
opt = SGD(lr=0.1)

batch_size = 32
for epoch in range(10):
    perm = np.random.permutation(N)
    total = 0
    for i in range(0, N, batch_size):
        idx = perm[i:i + batch_size]
        out = net.forward(X[idx])
        total += net.loss.forward(out, Y[idx])
        net.backward()
        opt.update(net)
    print(f"epoch {epoch + 1:3d}  mse {total / (N // batch_size):.5f}")
