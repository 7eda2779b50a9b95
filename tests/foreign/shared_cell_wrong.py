import numpy as np
from numpy import zeros, tanh, dot

# Elman net predicting the next value of a noisy sine, cell object shared by all time steps

random = np.random.RandomState(17)


class Cell:
    def __init__(self, inp, hid):
        self.Wx = random.randn(inp, hid) * .5
        self.Wh = random.randn(hid, hid) * .3
        self.b = zeros(hid)
        self.clear()

    def clear(self):
        self.gWx, self.gWh, self.gb = zeros(self.Wx.shape), zeros(self.Wh.shape), zeros(self.b.shape)
        self.tape = []

    def forward(self, x, h):
        new = tanh(dot(x, self.Wx) + dot(h, self.Wh) + self.b)
        self.tape.append((x, h, new))
        return new

    def backward(self, g):
        x, h, new = self.tape.pop()
        g = g * (1 - new ** 2)
        self.gWx += dot(x.T, g)
        self.gWh += dot(h.T, g)
        self.gb += g.sum(0)
        return dot(g, self.Wx.T), dot(g, self.Wh.T)


class Readout:
    def __init__(self, hid, out):
        self.W = random.randn(hid, out) * .3
        self.clear()

    def clear(self):
        self.gW = zeros(self.W.shape)
        self.tape = []

    def forward(self, h):
        self.tape.append(h)
        return dot(h, self.W)

    def backward(self, g):
        self.gW += dot(self.tape.pop().T, g)
        return dot(g, self.W.T)


class Elman:
    def __init__(self, inp, hid, out):
        self.cell = Cell(inp, hid)
        self.readout = Readout(hid, out)
        self.hid = hid

    def forward(self, xs):
        self.cell.clear()
        self.readout.clear()
        h = zeros((xs.shape[1], self.hid))
        ys = []
        for x in xs:
            h = self.cell.forward(x, h)
            ys.append(self.readout.forward(h))
        return np.array(ys)

    def backward(self, gys):
        gWh = zeros(self.cell.Wh.shape)
        gh = zeros((gys.shape[1], self.hid))
        for gy in gys[::-1]:
            gx, gh = self.cell.backward(self.readout.backward(gy) + gh)
            gWh += self.cell.gWh
        self.gradients = [(self.cell.Wx, self.cell.gWx), (self.cell.Wh, gWh),
                          (self.cell.b, self.cell.gb), (self.readout.W, self.readout.gW)]


net = Elman(1, 7, 1)
for n in range(100):
    phase = random.uniform(0, 6.28, (1, 10))
    wave = np.sin(phase + .5 * np.arange(12)[:, None])[:, :, None]
    wave += .05 * random.randn(*wave.shape)
    xs, ts = wave[:-1], wave[1:]
    e = net.forward(xs) - ts
    E = .5 * (e ** 2).sum() / e.shape[1]
    net.backward(e / e.shape[1])
    for w, g in net.gradients:
        w -= .05 * g
    if not n % 20: print(n, E)
