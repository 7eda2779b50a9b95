"""
Minimal character-level vanilla RNN, as a class. BSD License
"""
import numpy as np

np.random.seed(5)

# data I/O
data = "the quick brown fox jumps over the lazy dog. pack my box with five dozen jugs. " * 3
chars = sorted(list(set(data)))
data_size, vocab_size = len(data), len(chars)
print('data has %d characters, %d unique.' % (data_size, vocab_size))
char_to_ix = { ch:i for i,ch in enumerate(chars) }
ix_to_char = { i:ch for i,ch in enumerate(chars) }

# hyperparameters
hidden_size = 24 # size of hidden layer of neurons
seq_length = 12 # number of steps to unroll the RNN for
learning_rate = 1e-1


class CharRNN:

  def __init__(self, vocab_size, hidden_size):
    self.Wxh = np.random.randn(hidden_size, vocab_size)*0.1 # input to hidden
    self.Whh = np.random.randn(hidden_size, hidden_size)*0.1 # hidden to hidden
    self.Why = np.random.randn(vocab_size, hidden_size)*0.1 # hidden to output
    self.bh = np.zeros((hidden_size, 1)) # hidden bias
    self.by = np.zeros((vocab_size, 1)) # output bias
    self.params = {'Wxh': self.Wxh, 'Whh': self.Whh, 'Why': self.Why, 'bh': self.bh, 'by': self.by}
    self.dparams = {}

  def forward(self, inputs, hprev):
    """
    inputs is a list of integers.
    hprev is Hx1 array of initial hidden state
    returns the probabilities for next chars and the last hidden state
    """
    self.inputs = inputs
    self.xs, self.hs, self.ps = {}, {}, {}
    self.hs[-1] = np.copy(hprev)
    for t in range(len(inputs)):
      self.xs[t] = np.zeros((self.by.shape[0],1)) # encode in 1-of-k representation
      self.xs[t][inputs[t]] = 1
      self.hs[t] = np.tanh(np.dot(self.Wxh, self.xs[t]) + np.dot(self.Whh, self.hs[t-1]) + self.bh) # hidden state
      y = np.dot(self.Why, self.hs[t]) + self.by # unnormalized log probabilities for next chars
      self.ps[t] = np.exp(y) / np.sum(np.exp(y)) # probabilities for next chars
    return self.ps, self.hs[len(inputs)-1]

  def loss(self, targets):
    return sum(-np.log(self.ps[t][targets[t],0]) for t in range(len(targets))) # softmax (cross-entropy loss)

  def backward(self, targets):
    # backward pass: compute gradients going backwards
    dWxh, dWhh, dWhy = np.zeros_like(self.Wxh), np.zeros_like(self.Whh), np.zeros_like(self.Why)
    dbh, dby = np.zeros_like(self.bh), np.zeros_like(self.by)
    dhnext = np.zeros_like(self.hs[0])
    for t in reversed(range(len(self.inputs))):
      dy = np.copy(self.ps[t])
      dy[targets[t]] -= 1 # backprop into y
      dWhy += np.dot(dy, self.hs[t].T)
      dby += dy
      dh = np.dot(self.Why.T, dy) + dhnext # backprop into h
      dhraw = (1 - self.hs[t] * self.hs[t]) * dh # backprop through tanh nonlinearity
      dbh += dhraw
      dWxh += np.dot(dhraw, self.xs[t].T)
      dWhh += np.dot(dhraw, self.hs[t-1].T)
      dhnext = np.dot(self.Whh.T, dhraw)
    self.dparams = {'Wxh': dWxh, 'Whh': dWhh, 'Why': dWhy, 'bh': dbh, 'by': dby}
    return self.dparams

  def sample(self, h, seed_ix, n):
    x = np.zeros((self.by.shape[0], 1))
    x[seed_ix] = 1
    ixes = []
    for t in range(n):
      h = np.tanh(np.dot(self.Wxh, x) + np.dot(self.Whh, h) + self.bh)
      y = np.dot(self.Why, h) + self.by
      p = np.exp(y) / np.sum(np.exp(y))
      ix = np.random.choice(range(self.by.shape[0]), p=p.ravel())
      x = np.zeros((self.by.shape[0], 1))
      x[ix] = 1
      ixes.append(ix)
    return ixes


rnn = CharRNN(vocab_size, hidden_size)
n, p = 0, 0
mem = {k: np.zeros_like(v) for k, v in rnn.params.items()} # memory variables for Adagrad
smooth_loss = -np.log(1.0/vocab_size)*seq_length # loss at iteration 0
while n < 120:
  # prepare inputs (we're sweeping from left to right in steps seq_length long)
  if p+seq_length+1 >= len(data) or n == 0:
    hprev = np.zeros((hidden_size,1)) # reset RNN memory
    p = 0 # go from start of data
  inputs = [char_to_ix[ch] for ch in data[p:p+seq_length]]
  targets = [char_to_ix[ch] for ch in data[p+1:p+seq_length+1]]

  # sample from the model now and then
  if n % 60 == 0:
    sample_ix = rnn.sample(hprev, inputs[0], 40)
    txt = ''.join(ix_to_char[ix] for ix in sample_ix)
    print('----\n %s \n----' % (txt, ))

  # forward seq_length characters through the net and fetch gradient
  ps, hnext = rnn.forward(inputs, hprev)
  loss = rnn.loss(targets)
  dparams = rnn.backward(targets)
  hprev = hnext
  smooth_loss = smooth_loss * 0.99 + loss * 0.01
  if n % 20 == 0: print('iter %d, loss: %f' % (n, smooth_loss)) # print progress

  # clip to mitigate exploding gradients, then perform parameter update with Adagrad
  for k in rnn.params:
    np.clip(dparams[k], -5, 5, out=dparams[k])
    mem[k] += dparams[k] * dparams[k]
    rnn.params[k] += -learning_rate * dparams[k] / np.sqrt(mem[k] + 1e-8) # adagrad update

  p += seq_length # move data pointer
  n += 1 # iteration counter
