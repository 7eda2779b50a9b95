import numpy as np

# single head self attention for a toy task: which symbol of the sequence is the largest?

rng = np.random.default_rng(99)


class Parameter:
    def __init__(self, shape, scale):
        self.data = rng.normal(0, scale, shape)
        self.grad = np.zeros(shape)


class Softmax:
    def forward(self, s):
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        return self.a

    def backward(self, da):
        a = self.a
        return da * a * (1 - a)


class SelfAttention:
    def __init__(self, d_model, d_k):
        self.Wq = Parameter((d_model, d_k), d_model ** -0.5)
        self.Wk = Parameter((d_model, d_k), d_model ** -0.5)
        self.Wv = Parameter((d_model, d_model), d_model ** -0.5)
        self.softmax = Softmax()
        self.scale = d_k ** -0.5

    def forward(self, x):
        # x: B, T, D
        self.x = x
        self.q = x @ self.Wq.data
        self.k = x @ self.Wk.data
        self.v = x @ self.Wv.data
        self.a = self.softmax.forward(self.q @ self.k.transpose(0, 2, 1) * self.scale)
        return x + self.a @ self.v

    def backward(self, dy):
        dv = self.a.transpose(0, 2, 1) @ dy
        da = dy @ self.v.transpose(0, 2, 1)
        ds = self.softmax.backward(da) * self.scale
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q
        dx = dy.copy()
        for W, d in ((self.Wq, dq), (self.Wk, dk), (self.Wv, dv)):
            W.grad += np.einsum('btd,bte->de', self.x, d)
            dx += d @ W.data.T
        return dx

    def parameters(self):
        return [self.Wq, self.Wk, self.Wv]


class LayerNorm:
    def __init__(self, d, eps=1e-6):
        self.g = Parameter((d,), 0)
        self.g.data += 1
        self.b = Parameter((d,), 0)
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.rstd = 1 / np.sqrt(x.var(-1, keepdims=True) + self.eps)
        self.xhat = (x - mu) * self.rstd
        return self.xhat * self.g.data + self.b.data

    def backward(self, dy):
        self.g.grad += (dy * self.xhat).sum((0, 1))
        self.b.grad += dy.sum((0, 1))
        dxh = dy * self.g.data
        return self.rstd * (dxh - dxh.mean(-1, keepdims=True) - self.xhat * (dxh * self.xhat).mean(-1, keepdims=True))

    def parameters(self):
        return [self.g, self.b]


class MeanPoolClassifier:
    def __init__(self, d, n):
        self.W = Parameter((d, n), d ** -0.5)

    def forward(self, x):
        self.T = x.shape[1]
        self.pooled = x.mean(1)
        return self.pooled @ self.W.data

    def backward(self, dy):
        self.W.grad += self.pooled.T @ dy
        dp = dy @ self.W.data.T
        return np.repeat(dp[:, None] / self.T, self.T, axis=1)

    def parameters(self):
        return [self.W]


class Model:
    def __init__(self, d, n):
        self.layers = [SelfAttention(d, 4), LayerNorm(d), MeanPoolClassifier(d, n)]

    def __call__(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, dy):
        for l in reversed(self.layers):
            dy = l.backward(dy)

    def parameters(self):
        return [p for l in self.layers for p in l.parameters()]


V, T, D, B = 6, 5, 8, 24
embed = rng.normal(0, 1, (V, D))        # fixed
model = Model(D, V)

for step in range(80):
    tokens = rng.integers(0, V, (B, T))
    target = tokens.max(1)

    logits = model(embed[tokens])
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(B), target]).mean()

    for param in model.parameters():
        param.grad[:] = 0
    p[np.arange(B), target] -= 1
    model.backward(p / B)

    for param in model.parameters():
        param.data -= 0.5 * param.grad

    if step % 20 == 0:
        print(f'step {step}: {loss:.4f}')
