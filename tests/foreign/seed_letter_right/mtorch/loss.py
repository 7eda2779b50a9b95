import numpy as np

from .exceptions import ShapeNotMatchException


class Loss:
    """
    loss函数的返回值，记录了loss值，调用backward()进行反向传播
    """

    def __init__(self, value, gradient, backward_func):
        self.value = value
        self.gradient = gradient
        self.backward_func = backward_func

    def backward(self):
        self.backward_func(self.gradient)


class LossFunction:
    def __init__(self, backward_func):
        self.backward_func = backward_func

    def __call__(self, outputs, targets, transform=False):
        """
        :param transform: targets是标签时，先转换成one-hot
        """
        if transform:
            targets = np.eye(outputs.shape[-1])[targets]
        if outputs.shape != targets.shape:
            raise ShapeNotMatchException(self, "outputs = {}, targets = {}".format(outputs.shape, targets.shape))
        return Loss(self.forward(outputs, targets), self.gradient(outputs, targets), self.backward_func)


class SquareLoss(LossFunction):
    def forward(self, outputs, targets):
        return np.sum((outputs - targets) ** 2) / 2

    def gradient(self, outputs, targets):
        return outputs - targets
