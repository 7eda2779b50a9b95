#!/usr/bin/env python
# coding: utf-8

# # Neural net from scratch: two moons
# 
# Let's see whether we can separate the moons with plain numpy.

# In[1]:


import numpy as np
# import matplotlib.pyplot as plt

# get_ipython().run_line_magic('matplotlib', 'inline')
np.random.seed(1)


# In[2]:


m = 60
ang = np.random.rand(m) * np.pi
lab = np.arange(m) % 2
X = np.stack([np.cos(ang) + lab - 0.5, np.sin(ang) * (1 - 2 * lab) + 0.3 * lab]) + 0.08 * np.random.randn(2, m)
Y = lab.reshape(1, m).astype(float)
X.shape, Y.shape


# In[3]:


# plt.scatter(X[0], X[1], c=lab)
# plt.show()


# ## Activations

# In[4]:


class Tanh():
    def forward(self, z):
        return np.tanh(z)


# In[5]:


t = Tanh()
t.forward(np.array([0., 1., 2.]))


# That works, now with a backward:

# In[6]:


class Tanh():
    def forward(self, z):
        self.a = np.tanh(z)
        return self.a

    def backward(self, da):
        return 1 - self.a ** 2


class Sigmoid():
    def forward(self, z):
        self.a = 1 / (1 + np.exp(-z))
        return self.a

    def backward(self, da):
        return da * self.a * (1 - self.a)


# ## Linear

# In[7]:


class Linear():
    def __init__(self, n_out, n_in):
        self.W = np.random.randn(n_out, n_in) / np.sqrt(n_in)
        self.b = np.zeros((n_out, 1))

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, dz):
        self.dW = dz @ self.x.T
        self.db = dz.sum(axis=1, keepdims=True)
        return self.W.T @ dz


# In[8]:


lin1, act1 = Linear(6, 2), Tanh()
lin2, act2 = Linear(6, 6), Tanh()
lin3, out = Linear(1, 6), Sigmoid()


def forward(x):
    return out.forward(lin3.forward(act2.forward(lin2.forward(act1.forward(lin1.forward(x))))))


def bce(p, y):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


print('loss before training', bce(forward(X), Y))


# In[9]:


lr = 0.5
losses = []
for i in range(150):
    p = forward(X)
    losses.append(bce(p, Y))

    d = (p - Y) / (p * (1 - p)) / m
    d = lin3.backward(out.backward(d))
    d = lin2.backward(act2.backward(d))
    d = lin1.backward(act1.backward(d))

    for l in [lin1, lin2, lin3]:
        l.W -= lr * l.dW
        l.b -= lr * l.db

    if i % 30 == 0:
        print(i, losses[-1])


# In[10]:


acc = ((forward(X) > 0.5) == Y).mean()
print('accuracy:', acc)


# In[11]:


# plt.plot(losses)
# plt.xlabel('iteration')
# plt.show()
