# MINST_recognition: 手写数字识别
import gzip
import os

import numpy as np

from mtorch import layers, Module, Sequential, SquareLoss, SGD

ROW_NUM = 28
COLUM_NUM = 28
CLASS_NUM = 10
BATCH_SIZE = 20
EPOCH_NUM = 11
TEST_STEP = 5
learning_rate = 0.05
DATA_DIR = "MNIST"

np.random.seed(0)


class DataLoader:
    def __init__(self, imgs, targets, batch_size):
        self.imgs = imgs
        self.targets = targets
        self.batch_size = batch_size

    def __iter__(self):
        for i in range(0, len(self.imgs), self.batch_size):
            yield self.imgs[i:i + self.batch_size], self.targets[i:i + self.batch_size]


def read_mnist(name):
    with gzip.open(os.path.join(DATA_DIR, name + "-images-idx3-ubyte.gz")) as f:
        imgs = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, ROW_NUM * COLUM_NUM) / 255
    with gzip.open(os.path.join(DATA_DIR, name + "-labels-idx1-ubyte.gz")) as f:
        labels = np.frombuffer(f.read(), np.uint8, offset=8)
    return imgs, labels


def fake_digits(num):
    # 没有MNIST文件的时候：每个数字一个模板，加上噪声
    labels = np.random.randint(0, CLASS_NUM, num)
    imgs = templates[labels] * np.random.uniform(0.5, 1, (num, 1)) + 0.2 * np.random.rand(num, ROW_NUM * COLUM_NUM)
    return np.clip(imgs, 0, 1), labels


if os.path.exists(DATA_DIR):
    train_set, test_set = read_mnist("train"), read_mnist("t10k")
else:
    templates = np.kron(np.random.rand(CLASS_NUM, 7, 7) > 0.6, np.ones((4, 4))).reshape(CLASS_NUM, -1)
    train_set, test_set = fake_digits(200), fake_digits(50)
train_loader = DataLoader(*train_set, BATCH_SIZE)
test_loader = DataLoader(*test_set, 50)


# 定义网络 define neural network
class DigitModule(Module):
    def __init__(self):
        # 计算顺序就会按照这里定义的顺序进行
        sequential = Sequential([
            layers.Linear2(in_dim=ROW_NUM * COLUM_NUM, out_dim=16, coe=2),
            layers.Relu(16),
            layers.Linear2(in_dim=16, out_dim=16, coe=2),
            layers.Relu(16),
            layers.Linear2(in_dim=16, out_dim=CLASS_NUM, coe=1),
            layers.Sigmoid(CLASS_NUM)
        ])
        super(DigitModule, self).__init__(sequential)


def show_effect(turn, module, loss_func, test_loader, number):
    right, num, test_loss = 0, 0, 0
    for imgs, targets in test_loader:
        outputs = module(imgs)
        test_loss += loss_func(outputs, targets, transform=True).value
        right += np.sum(np.argmax(outputs, axis=1) == targets)
        num += len(targets)
    print("{}: turn {}, accuracy = {}, loss of test set = {}".format(number, turn, right / num, test_loss))


module = DigitModule()  # 创建模型 create module
loss_func = SquareLoss(backward_func=module.backward)  # 定义损失函数 define loss function
optimizer = SGD(module, lr=learning_rate)  # 定义优化器 define optimizer


for i in range(EPOCH_NUM):  # 共训练EPOCH_NUM轮
    trainning_loss = 0  # 计算一下当前一轮训练的loss值，可以没有
    for data in train_loader:  # 遍历所有样本，train_loader是可迭代对象，保存了数据集中所有的数据
        imgs, targets = data  # 将数据拆分成图片和标签
        outputs = module(imgs)  # 将样本的输入值输入到自己的神经网络中
        loss = loss_func(outputs, targets, transform=True)  # 计算loss / calculate loss
        trainning_loss += loss.value
        loss.backward()  # 通过反向传播计算梯度 / calculate gradiant through back propagation
        optimizer.step()  # 通过优化器调整模型参数 / adjust the weights of network through optimizer
    if i % TEST_STEP == 0:  # 每训练TEST_STEP轮就测试一下当前训练的成果
        show_effect(i, module, loss_func, test_loader, i // TEST_STEP)
        print("{} turn finished, loss of train set = {}".format(i, trainning_loss))
