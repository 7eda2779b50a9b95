import numpy as np

rs = np.random.RandomState(11)


def im2col(x, k, stride=1, pad=0):
    N, C, H, W = x.shape
    oh = (H + 2 * pad - k) // stride + 1
    ow = (W + 2 * pad - k) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    col = np.zeros((N, C, k, k, oh, ow))
    for i in range(k):
        for j in range(k):
            col[:, :, i, j] = img[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1), oh, ow


def col2im(col, shape, k, stride=1, pad=0):
    N, C, H, W = shape
    oh = (H + 2 * pad - k) // stride + 1
    ow = (W + 2 * pad - k) // stride + 1
    col = col.reshape(N, oh, ow, C, k, k).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(k):
        for j in range(k):
            img[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride] = col[:, :, i, j]
    return img[:, :, pad:H + pad, pad:W + pad]


class Conv:
    def __init__(self, cin, cout, k, pad=0):
        self.p = {'w': rs.randn(cout, cin, k, k) * np.sqrt(2 / (cin * k * k)), 'b': np.zeros(cout)}
        self.k, self.pad = k, pad

    def __call__(self, x):
        self.shape = x.shape
        w = self.p['w'].reshape(len(self.p['b']), -1)
        self.col, oh, ow = im2col(x, self.k, pad=self.pad)
        y = self.col @ w.T + self.p['b']
        return y.reshape(len(x), oh, ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dy):
        dy = dy.transpose(0, 2, 3, 1).reshape(-1, dy.shape[1])
        w = self.p['w'].reshape(dy.shape[1], -1)
        g = {'w': (dy.T @ self.col).reshape(self.p['w'].shape), 'b': dy.sum(0)}
        return col2im(dy @ w, self.shape, self.k, pad=self.pad), g


class MaxPool:
    __slots__ = ('k', 'arg', 'shape')

    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        k = self.k
        N, C, H, W = self.shape = x.shape
        win = x.reshape(N, C, H // k, k, W // k, k).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, H // k, W // k, k * k)
        self.arg = win.argmax(-1)
        return np.take_along_axis(win, self.arg[..., None], -1)[..., 0]

    def backward(self, dy):
        k = self.k
        N, C, H, W = self.shape
        win = np.zeros(dy.shape + (k * k,))
        np.put_along_axis(win, self.arg[..., None], dy[..., None], -1)
        dx = win.reshape(N, C, H // k, W // k, k, k).transpose(0, 1, 2, 4, 3, 5).reshape(self.shape)
        return dx, {}


class Relu:
    __slots__ = 'on',

    def __call__(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, dy):
        return dy * self.on, {}


class Flatten:
    def __call__(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape), {}


class FC:
    def __init__(self, n, m):
        self.p = {'w': rs.randn(n, m) / np.sqrt(n), 'b': np.zeros(m)}

    def __call__(self, x):
        self.x = x
        return x @ self.p['w'] + self.p['b']

    def backward(self, dy):
        return dy @ self.p['w'].T, {'w': self.x.T @ dy, 'b': dy.sum(0)}


class XEnt:
    def __call__(self, s, t):
        s = s - s.max(1, keepdims=True)
        self.p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
        self.t = t
        return -np.log(self.p[np.arange(len(t)), t]).mean()

    def backward(self):
        d = self.p.copy()
        d[np.arange(len(d)), self.t] -= 1
        return d / len(d)


net = [Conv(1, 3, 3, pad=1), Relu(), MaxPool(2), Conv(3, 4, 3), Relu(), Flatten(), FC(16, 2)]
crit = XEnt()

# horizontal or vertical bar somewhere in an 8x8 picture
n = 64
imgs = 0.3 * rs.randn(n, 1, 8, 8)
labels = rs.randint(0, 2, n)
for img, l in zip(imgs, labels):
    where = rs.randint(8)
    if l:
        img[0, :, where] += 1.5
    else:
        img[0, where] += 1.5

lr = 0.1
for step in range(60):
    ix = rs.choice(n, 16, replace=False)
    x = imgs[ix]
    for l in net:
        x = l(x)
    loss = crit(x, labels[ix])
    d = crit.backward()
    for l in net[::-1]:
        d, g = l.backward(d)
        for name in g:
            l.p[name] -= lr * g[name]
    if step % 10 == 0:
        print(f'{step:4d} {loss:.4f} acc {(x.argmax(1) == labels[ix]).mean():.2f}')
