# coding: utf-8
import numpy as np
np.random.seed(1984)


class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        W, = self.params
        self.idx = idx
        out = W[idx]
        return out

    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None


class EmbeddingDot:
    def __init__(self, W):
        self.embed = Embedding(W)
        self.params = self.embed.params
        self.grads = self.embed.grads
        self.cache = None

    def forward(self, h, idx):
        target_W = self.embed.forward(idx)
        out = np.sum(target_W * h, axis=1)

        self.cache = (h, target_W)
        return out

    def backward(self, dout):
        h, target_W = self.cache
        dout = dout.reshape(dout.shape[0], 1)

        dtarget_W = dout * h
        self.embed.backward(dtarget_W)
        dh = dout * target_W
        return dh


class SigmoidWithLoss:
    def __init__(self):
        self.params, self.grads = [], []

    def forward(self, x, t):
        self.t = t
        self.y = 1 / (1 + np.exp(-x))
        return -np.mean(t * np.log(self.y) + (1 - t) * np.log(1 - self.y))

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        return (self.y - self.t) * dout / batch_size


class SkipGram:
    def __init__(self, vocab_size, hidden_size, negative):
        V, H = vocab_size, hidden_size
        W_in = 0.3 * np.random.randn(V, H)
        W_out = 0.3 * np.random.randn(V, H)

        self.in_layer = Embedding(W_in)
        # one positive and `negative` negative samples
        self.dot_layers = [EmbeddingDot(W_out[:]) for _ in range(negative + 1)]
        self.loss_layers = [SigmoidWithLoss() for _ in range(negative + 1)]
        self.W_in, self.W_out = W_in, W_out

    def forward(self, center, context, noise):
        h = self.in_layer.forward(center)
        loss = 0
        for i, (dot, crit) in enumerate(zip(self.dot_layers, self.loss_layers)):
            idx, label = (context, 1) if i == 0 else (noise[:, i - 1], 0)
            score = dot.forward(h, idx)
            loss += crit.forward(score, np.full(len(center), label))
        return loss

    def backward(self, dout=1):
        dh = 0
        for dot, crit in zip(self.dot_layers, self.loss_layers):
            dh = dh + dot.backward(crit.backward(dout))
        self.in_layer.backward(dh)
        return None

    def gradients(self):
        g_out = sum(dot.grads[0] for dot in self.dot_layers)
        return [(self.W_in, self.in_layer.grads[0]), (self.W_out, g_out)]


text = 'You say goodbye and I say hello . you say yes and I say no . you say stop and I say go go go .'
words = text.lower().split()
word_to_id = {w: i for i, w in enumerate(dict.fromkeys(words))}
corpus = np.array([word_to_id[w] for w in words])
V = len(word_to_id)

pairs = [(c, corpus[j]) for i, c in enumerate(corpus) for j in (i - 1, i + 1) if 0 <= j < len(corpus)]
pairs = np.array(pairs)

model = SkipGram(V, 5, negative=3)
for epoch in range(30):
    np.random.shuffle(pairs)
    total, count = 0, 0
    for s in range(0, len(pairs) - 15, 16):
        center, context = pairs[s:s + 16].T
        noise = np.random.randint(0, V, (16, 3))
        total += model.forward(center, context, noise)
        count += 1
        model.backward()
        for W, g in model.gradients():
            W -= 0.5 * g
    if epoch % 5 == 0:
        print('| epoch %d | loss %.3f' % (epoch + 1, total / count))
