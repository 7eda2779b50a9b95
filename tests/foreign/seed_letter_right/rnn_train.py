# RNN_sin_to_cos: 用sin的曲线预测cos的曲线
import numpy as np

from mtorch import layers, Module, Sequential, SquareLoss, SGD

SEQ_LEN = 10
BATCH_SIZE = 20
HIDDEN_DIM = 16
TRAIN_NUM = 60
TEST_STEP = 10
learning_rate = 0.003

np.random.seed(0)


class RNNModule(Module):
    def __init__(self):
        sequential = Sequential([
            layers.RNN(in_dim=1, out_dim=HIDDEN_DIM),
            layers.Linear3(in_dim=HIDDEN_DIM, out_dim=1)
        ])
        super(RNNModule, self).__init__(sequential)


def get_batch():
    start = np.random.uniform(0, 2 * np.pi, (1, BATCH_SIZE))
    steps = start + np.linspace(0, np.pi, SEQ_LEN)[:, np.newaxis]
    return np.sin(steps)[:, :, np.newaxis], np.cos(steps)[:, :, np.newaxis]


module = RNNModule()  # 创建模型
loss_func = SquareLoss(backward_func=module.backward)  # 定义损失函数
optimizer = SGD(module, lr=learning_rate)  # 定义优化器

for i in range(TRAIN_NUM):
    x, targets = get_batch()
    h0 = np.zeros((BATCH_SIZE, HIDDEN_DIM))
    outputs = module((h0, x))
    loss = loss_func(outputs, targets)
    loss.backward()
    optimizer.step()
    if i % TEST_STEP == 0:
        print("{} turn finished, loss = {}".format(i, loss.value / targets.size))
