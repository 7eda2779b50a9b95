# GRU from scratch. Notation follows the paper:
#   z = sigm(Wz x + Uz h + bz)        update gate
#   r = sigm(Wr x + Ur h + br)        reset gate
#   n = tanh(Wn x + r * (Un h) + bn)  candidate
#   h' = (1 - z) * h + z * n
import numpy as np

rnd = np.random.default_rng(12)
sigm = lambda a: .5 * (1 + np.tanh(.5 * a))


class GRUCell:

    def __init__(self, nin, nh):
        self.nh = nh
        k = 1 / np.sqrt(nh)
        self.params = dict()
        for g in 'zrn':
            self.params['W' + g] = rnd.uniform(-k, k, (nin, nh))
            self.params['U' + g] = rnd.uniform(-k, k, (nh, nh))
            self.params['b' + g] = np.zeros(nh)
        self.grads = {p: np.zeros_like(v) for p, v in self.params.items()}

    def forward(self, x, h):
        P = self.params
        z = sigm(x @ P['Wz'] + h @ P['Uz'] + P['bz'])
        r = sigm(x @ P['Wr'] + h @ P['Ur'] + P['br'])
        uh = h @ P['Un']
        n = np.tanh(x @ P['Wn'] + r * uh + P['bn'])
        out = (1 - z) * h + z * n
        return out, (x, h, z, r, uh, n)

    def backward(self, dout, cache):
        P, G = self.params, self.grads
        x, h, z, r, uh, n = cache

        dz = dout * (h - n)
        dn = dout * z
        dh = dout * (1 - z)

        dan = dn * (1 - n ** 2)
        dr = dan * uh
        daz = dz * z * (1 - z)
        dar = dr * r * (1 - r)

        G['Wn'] += x.T @ dan
        G['Un'] += h.T @ (dan * r)
        G['bn'] += dan.sum(0)
        G['Wz'] += x.T @ daz
        G['Uz'] += h.T @ daz
        G['bz'] += daz.sum(0)
        G['Wr'] += x.T @ dar
        G['Ur'] += h.T @ dar
        G['br'] += dar.sum(0)

        dx = dan @ P['Wn'].T + daz @ P['Wz'].T + dar @ P['Wr'].T
        dh = dh + (dan * r) @ P['Un'].T + daz @ P['Uz'].T + dar @ P['Ur'].T
        return dx, dh


class Model:
    def __init__(self, nin, nh, nout):
        self.cell = GRUCell(nin, nh)
        self.V = rnd.normal(0, 1 / np.sqrt(nh), (nh, nout))
        self.c = np.zeros(nout)

    def forward(self, xs):
        B, T, _ = xs.shape
        h = np.zeros((B, self.cell.nh))
        self.caches, self.hs = [], []
        for t in range(T):
            h, cache = self.cell.forward(xs[:, t], h)
            self.caches.append(cache)
            self.hs.append(h)
        return np.stack([h @ self.V + self.c for h in self.hs], 1)

    def backward(self, dys):
        for g in self.cell.grads.values():
            g.fill(0)
        self.dV = np.zeros_like(self.V)
        self.dc = dys.sum((0, 1))
        dh = 0
        for t in range(dys.shape[1] - 1, -1, -1):
            dy = dys[:, t]
            self.dV += self.hs[t].T @ dy
            _, dh = self.cell.backward(dy @ self.V.T + dh, self.caches[t])


# running mean of noise
xs = rnd.normal(size=(12, 9, 1))
ys = np.cumsum(xs, 1) / np.arange(1, 10)[None, :, None]

net = Model(1, 8, 1)
lr = .3
for epoch in range(100):
    out = net.forward(xs)
    diff = out - ys
    loss = (diff ** 2).mean()
    net.backward(2 * diff / diff.size)
    for p in net.cell.params:
        net.cell.params[p] -= lr * net.cell.grads[p]
    net.V -= lr * net.dV
    net.c -= lr * net.dc
    if epoch % 20 == 0 or epoch == 99:
        print("epoch %3d   loss %.6f" % (epoch, loss))
