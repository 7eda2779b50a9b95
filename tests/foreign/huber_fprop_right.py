import numpy


class Affine:
    def __init__(self, rng, n_in, n_out):
        self.params = {'W': rng.uniform(-1, 1, (n_in, n_out)) / n_in ** .5, 'b': numpy.zeros(n_out)}
        self.grads = {}

    def fprop(self, x):
        self.x = x
        return numpy.dot(x, self.params['W']) + self.params['b']

    def bprop(self, gy):
        self.grads['W'] = numpy.dot(self.x.T, gy)
        self.grads['b'] = gy.sum(axis=0)
        return numpy.dot(gy, self.params['W'].T)


class Softplus:
    params = {}
    grads = {}

    def fprop(self, x):
        self.x = x
        return numpy.logaddexp(0, x)

    def bprop(self, gy):
        return gy / (1 + numpy.exp(-self.x))


class HuberCost:
    """robust cost: quadratic near zero, linear beyond delta"""

    def __init__(self, delta=1.0):
        self.delta = delta

    def fprop(self, y, t):
        self.r = y - t
        a = numpy.abs(self.r)
        cost = numpy.where(a <= self.delta, 0.5 * a ** 2, self.delta * (a - 0.5 * self.delta))
        return cost.mean()

    def bprop(self):
        g = numpy.where(numpy.abs(self.r) <= self.delta, self.r, self.delta * numpy.sign(self.r))
        return g / self.r.size


class MLP:
    def __init__(self, rng, sizes):
        self.stages = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            self.stages += [Affine(rng, a, b), Softplus()]
        self.stages.pop()       # linear output

    def fprop(self, x):
        for s in self.stages:
            x = s.fprop(x)
        return x

    def bprop(self, g):
        for s in self.stages[::-1]:
            g = s.bprop(g)
        return g


rng = numpy.random.RandomState(1234)
x = rng.uniform(-2, 2, (80, 2))
t = (3 * x[:, :1] * x[:, 1:] + rng.standard_t(2, (80, 1)) * 0.3)      # heavy tails

mlp = MLP(rng, [2, 12, 1])
cost = HuberCost()
eps = 0.1
for epoch in range(25):
    total = 0.
    for k in range(4):
        xb, tb = x[k::4], t[k::4]
        y = mlp.fprop(xb)
        total += cost.fprop(y, tb)
        mlp.bprop(cost.bprop())
        for s in mlp.stages:
            for name in s.params:
                s.params[name] -= eps * s.grads[name]
    if epoch % 6 == 0:
        print('epoch %i, cost %f' % (epoch, total / 4))
