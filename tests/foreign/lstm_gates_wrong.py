import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class LSTM:
    """ one layer lstm, many to one, squared error """

    def __init__(self, n_x, n_h, n_y, seed=1):
        rng = np.random.RandomState(seed)
        z = n_x + n_h
        self.n_h = n_h
        self.gates = ['f', 'i', 'c', 'o']
        self.W = {g: rng.randn(n_h, z) / np.sqrt(z) for g in self.gates}
        self.b = {g: np.zeros((n_h, 1)) for g in self.gates}
        self.b['f'] += 1.0     # remember by default
        self.W['y'] = rng.randn(n_y, n_h) / np.sqrt(n_h)
        self.b['y'] = np.zeros((n_y, 1))
        self.grads = {}
        self.bgrads = {}

    def forward(self, xs):
        # xs: (T, n_x, batch)
        T, _, m = xs.shape
        self.h = {-1: np.zeros((self.n_h, m))}
        self.c = {-1: np.zeros((self.n_h, m))}
        self.z, self.f, self.i, self.cc, self.o = {}, {}, {}, {}, {}
        for t in range(T):
            self.z[t] = np.vstack((self.h[t - 1], xs[t]))
            self.f[t] = sigmoid(self.W['f'] @ self.z[t] + self.b['f'])
            self.i[t] = sigmoid(self.W['i'] @ self.z[t] + self.b['i'])
            self.cc[t] = np.tanh(self.W['c'] @ self.z[t] + self.b['c'])
            self.o[t] = sigmoid(self.W['o'] @ self.z[t] + self.b['o'])
            self.c[t] = self.f[t] * self.c[t - 1] + self.i[t] * self.cc[t]
            self.h[t] = self.o[t] * np.tanh(self.c[t])
        self.T = T
        self.y = self.W['y'] @ self.h[T - 1] + self.b['y']
        return self.y

    def backward(self, dy):
        for k in self.W:
            self.grads[k] = np.zeros_like(self.W[k])
            self.bgrads[k] = np.zeros_like(self.b[k])

        self.grads['y'] += dy @ self.h[self.T - 1].T
        self.bgrads['y'] += dy.sum(1, keepdims=True)

        dh_next = self.W['y'].T @ dy
        dc_next = np.zeros_like(dh_next)
        dxs = []
        for t in reversed(range(self.T)):
            dh = dh_next
            do = dh * np.tanh(self.c[t])
            dc = dh * self.o[t] * (1 - np.tanh(self.c[t]) ** 2)
            df = dc * self.c[t - 1]
            di = dc * self.cc[t]
            dcc = dc * self.i[t]

            d = {
                'f': df * self.f[t] * (1 - self.f[t]),
                'i': di * self.i[t] * (1 - self.i[t]),
                'c': dcc * (1 - self.cc[t] ** 2),
                'o': do * self.o[t] * (1 - self.o[t]),
            }
            dz = 0
            for g in self.gates:
                self.grads[g] += d[g] @ self.z[t].T
                self.bgrads[g] += d[g].sum(1, keepdims=True)
                dz = dz + self.W[g].T @ d[g]

            dh_next = dz[:self.n_h]
            dc_next = dc * self.f[t]
            dxs.append(dz[self.n_h:])
        return np.array(dxs[::-1])

    def step(self, lr):
        for k in self.W:
            self.W[k] -= lr * self.grads[k]
            self.b[k] -= lr * self.bgrads[k]


if __name__ == '__main__':
    # adding problem: sum of the two marked numbers
    rng = np.random.RandomState(0)
    T, m = 8, 16
    lstm = LSTM(2, 10, 1)
    avg = None
    for it in range(80):
        vals = rng.rand(T, m)
        marks = np.zeros((T, m))
        for j in range(m):
            marks[rng.choice(T, 2, replace=False), j] = 1
        target = (vals * marks).sum(0).reshape(1, m)
        xs = np.stack([vals, marks], axis=1)

        y = lstm.forward(xs)
        loss = 0.5 * np.sum((y - target) ** 2) / m
        lstm.backward((y - target) / m)
        lstm.step(0.2)

        avg = loss if avg is None else 0.9 * avg + 0.1 * loss
        if it % 20 == 0:
            print('iter', it, 'loss', round(float(avg), 5))
