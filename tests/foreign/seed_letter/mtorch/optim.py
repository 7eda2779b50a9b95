class SGD:
    """
    随机梯度下降
    """

    def __init__(self, module, lr):
        self.module = module
        self.lr = lr

    def step(self):
        self.module.step(self.lr)
