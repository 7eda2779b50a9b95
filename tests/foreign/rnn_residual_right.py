# RNN with residual cell: h_t = h_{t-1} + tanh(fc2(relu(fc1([h_{t-1}, x_t]))))
# fc1, fc2 are ordinary layers that are called at every time step, so they remember a stack of inputs.
import numpy as np

np.random.seed(21)


class FullyConnected(object):
    def __init__(self, nin, nout):
        self.weight = np.random.randn(nout, nin) / np.sqrt(nin)
        self.bias = np.zeros(nout)
        self.reset()

    def reset(self):
        self.stack = []
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)

    def forward(self, x):
        self.stack.append(x)
        return x.dot(self.weight.T) + self.bias

    def backward(self, grad):
        x = self.stack.pop()
        self.grad_weight += grad.T.dot(x)
        self.grad_bias += grad.sum(axis=0)
        return grad.dot(self.weight)


class ReLU(object):
    def reset(self):
        self.stack = []

    def forward(self, x):
        self.stack.append(x)
        return x * (x > 0)

    def backward(self, grad):
        x = self.stack.pop()
        return grad * (x > 0)


class Tanh(object):
    def reset(self):
        self.stack = []

    def forward(self, x):
        y = np.tanh(x)
        self.stack.append(y)
        return y

    def backward(self, grad):
        y = self.stack.pop()
        return grad * (1 - y * y)


class ResidualRNN(object):
    def __init__(self, nin, nhid):
        self.nhid = nhid
        self.fc1 = FullyConnected(nhid + nin, nhid)
        self.relu = ReLU()
        self.fc2 = FullyConnected(nhid, nhid)
        self.tanh = Tanh()
        self.inner = [self.fc1, self.relu, self.fc2, self.tanh]

    def forward(self, xs):
        h = np.zeros((xs.shape[1], self.nhid))
        for layer in self.inner:
            layer.reset()
        for x in xs:
            z = np.concatenate([h, x], axis=1)
            for layer in self.inner:
                z = layer.forward(z)
            h = h + z
        return h

    def backward(self, grad):
        grad_xs = []
        while self.tanh.stack:
            g = grad
            for layer in reversed(self.inner):
                g = layer.backward(g)
            grad = grad + g[:, :self.nhid]
            grad_xs.insert(0, g[:, self.nhid:])
        return np.array(grad_xs)


class Model(object):
    def __init__(self):
        self.rnn = ResidualRNN(2, 8)
        self.head = FullyConnected(8, 2)

    def forward(self, xs):
        self.head.reset()
        return self.head.forward(self.rnn.forward(xs))

    def backward(self, grad):
        return self.rnn.backward(self.head.backward(grad))

    def fcs(self):
        return [self.rnn.fc1, self.rnn.fc2, self.head]


# end point of a walk made of unit steps (given as angle's sine and cosine with noise)
T, B = 5, 16
model = Model()
for it in range(100):
    angle = np.random.uniform(0, 2 * np.pi, (T, B))
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    target = np.cumsum(steps, axis=0)[-1] / T

    pred = model.forward(steps + 0.01 * np.random.randn(T, B, 2))
    err = pred - target
    loss = 0.5 * np.sum(err ** 2) / B
    model.backward(err / B)

    for fc in model.fcs():
        fc.weight -= 0.02 * fc.grad_weight
        fc.bias -= 0.02 * fc.grad_bias

    if it % 20 == 0:
        print('[%3d] loss = %.5f' % (it, loss))
