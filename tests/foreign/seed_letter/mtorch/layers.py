import numpy as np

from .exceptions import ShapeNotMatchException


class Layer:
    """
    所有层的父类
    """

    def __init__(self, in_dim, out_dim):
        self.in_dim = in_dim
        self.out_dim = out_dim
        self.inputs = None  # 保存输入，反向传播要用
        self.gradients = {}

    def __call__(self, inputs):
        return self.forward(inputs)

    def forward(self, inputs):
        raise NotImplementedError

    def backward(self, output_gradient):
        raise NotImplementedError

    def step(self, lr):
        # 没有参数的层什么也不用做，如激活层、池化层
        pass


class Sequential(Layer):
    """
    把多个层按照顺序拼装到一起
    """

    def __init__(self, layers):
        super(Sequential, self).__init__(layers[0].in_dim, layers[-1].out_dim)
        self.layers = layers

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer(out)
        return out

    def backward(self, output_gradient):
        layer_num = len(self.layers)
        delta = output_gradient
        for i in range(layer_num - 1, -1, -1):
            # 反向遍历各个层, 将期望改变量反向传播
            delta = self.layers[i].backward(delta)

    def step(self, lr):
        for layer in self.layers:
            layer.step(lr)


class Linear(Layer):
    """
    全连接层 outputs = inputs * w + b
    """

    def __init__(self, in_dim, out_dim, coe=1):
        super(Linear, self).__init__(in_dim, out_dim)
        self.w = np.random.randn(in_dim, out_dim) * np.sqrt(coe / in_dim)
        self.b = np.zeros(out_dim)

    def weights_shape(self):
        return self.w.shape

    def bias_shape(self):
        return self.b.shape

    def set_gradients(self, w, b):
        self.gradients["w"] = w
        self.gradients["b"] = b

    def forward(self, inputs):
        if inputs.shape[-1] != self.in_dim:
            raise ShapeNotMatchException(self, "forward: expected (..., {}), but we got {}".format(self.in_dim, inputs.shape))
        self.inputs = inputs
        return np.dot(inputs, self.w) + self.b

    def step(self, lr):
        self.w -= lr * self.gradients["w"]
        self.b -= lr * self.gradients["b"]


class Linear2(Linear):
    """
    inputs.shape == (batch, in_dim)
    """

    def backward(self, output_gradient):
        batch_size = output_gradient.shape[0]
        w_gradient = np.dot(self.inputs.T, output_gradient) / batch_size
        b_gradient = np.sum(output_gradient, axis=0) / batch_size
        self.set_gradients(w=w_gradient, b=b_gradient)
        return np.dot(output_gradient, self.w.T) / self.out_dim


class Linear3(Linear):
    """
    inputs.shape == (seq, batch, in_dim)
    """

    def backward(self, output_gradient):
        batch_size = output_gradient.shape[1]
        w_gradient = np.einsum("sbi,sbo->io", self.inputs, output_gradient) / batch_size
        b_gradient = np.sum(output_gradient, axis=(0, 1)) / batch_size
        self.set_gradients(w=w_gradient, b=b_gradient)
        return np.dot(output_gradient, self.w.T) / self.out_dim


class Activation(Layer):
    def __init__(self, dim):
        super(Activation, self).__init__(dim, dim)

    def forward(self, inputs):
        if inputs.shape[-1] != self.in_dim:
            raise ShapeNotMatchException(self, "forward: expected (..., {}), but we got {}".format(self.in_dim, inputs.shape))
        self.inputs = inputs
        return self.func(inputs)

    def backward(self, output_gradient):
        return output_gradient * self.derivative(self.inputs)


class Relu(Activation):
    def func(self, x):
        return np.maximum(x, 0)

    def derivative(self, x):
        return np.where(x > 0, 1, 0)


class Sigmoid(Activation):
    def func(self, x):
        return 1 / (1 + np.exp(-x))

    def derivative(self, x):
        y = self.func(x)
        return y * (1 - y)


class Tanh(Activation):
    def func(self, x):
        return np.tanh(x)

    def derivative(self, x):
        return 1 - np.tanh(x) ** 2


class RNN(Layer):
    """
    循环神经网络层，由一个全连接层和一个激活层组成
    """

    def __init__(self, in_dim, out_dim):
        super(RNN, self).__init__(in_dim, out_dim)
        self.linear = Linear2(in_dim=out_dim + in_dim, out_dim=out_dim)
        self.activation = Tanh(out_dim)
        self.seq_len = 0
        self.outputs = None

    def forward(self, inputs):
        """
        :param inputs: input = (h0, x) h0.shape == (batch, out_dim) x.shape == (seq, batch, in_dim)
        :return: outputs: outputs.shape == (seq, batch, out_dim)
        """
        h = inputs[0]  # 输入的inputs由两部分组成
        X = inputs[1]
        if X.shape[2] != self.in_dim or h.shape[1] != self.out_dim:
            # 检查输入的形状是否有问题
            raise ShapeNotMatchException(self, "forward: wrong shape: h0 = {}, X = {}".format(h.shape, X.shape))

        self.seq_len = X.shape[0]  # 时间序列的长度
        self.inputs = X  # 保存输入，之后的反向传播还要用
        output_list = []  # 保存每个时间点的输出
        for x in X:
            # 按时间序列遍历input
            # x.shape == (batch, in_dim), h.shape == (batch, out_dim)
            h = self.activation(self.linear(np.c_[h, x]))
            output_list.append(h)
        self.outputs = np.stack(output_list, axis=0)  # 将列表转换成一个矩阵保存起来
        return self.outputs

    def backward(self, output_gradient):
        """
        :param output_gradient: shape == (seq, batch, out_dim)
        :return: input_gradiant
        """
        if output_gradient.shape != self.outputs.shape:
            # 期望得到(seq, batch, out_dim)形状
            raise ShapeNotMatchException(self, "__backward: expected {}, but we got "
                                               "{}".format(self.outputs.shape, output_gradient.shape))

        input_gradients = []
        # 每个time_step上的虚拟weight_gradient, 最后求平均值就是总的weight_gradient
        weight_gradients = np.zeros(self.linear.weights_shape())
        bias_gradients = np.zeros(self.linear.bias_shape())
        batch_size = output_gradient.shape[1]

        # total_gradient: 前向传播的时候是将x, h合成为一个矩阵，所以反向传播也先计算这个大矩阵的梯度再拆分为x_grad, h_grad
        total_gradient = np.zeros((batch_size, self.out_dim + self.in_dim))
        h_gradient = None

        # 反向遍历各个时间层，计算该层的梯度值
        for i in range(self.seq_len - 1, -1, -1):
            # 前向传播顺序: x, h -> z -> h
            # 所以反向传播计算顺序：h_grad -> z_grad -> x_grad, h_grad, w_grad, b_grad

            # %%%%%%%%%%%%%%计算平均值的版本%%%%%%%%%%%%%%%%%%%%%%%
            # h_gradient = (output_gradient[i] + total_gradient[:, 0:self.out_dim]) / 2
            # %%%%%%%%%%%%%%不计算平均值的版本%%%%%%%%%%%%%%%%%%%%%%%
            #  计算h_grad: 这一时间点的h_grad包括输出的grad和之前的时间点计算所得grad两部分
            h_gradient = output_gradient[i] + total_gradient[:, 0:self.out_dim]

            # w_grad和b_grad是在linear.backward()内计算的，不用手动再计算了
            z_gradient = self.activation.backward(h_gradient)  # 计算z_grad
            total_gradient = self.linear.backward(z_gradient)  # 计算x_grad和h_grad合成的大矩阵的梯度

            # total_gradient 同时包含了h和x的gradient, shape == (batch, out_dim + in_dim)
            x_gradient = total_gradient[:, self.out_dim:]

            input_gradients.append(x_gradient)
            weight_gradients += self.linear.gradients["w"]
            bias_gradients += self.linear.gradients["b"]

        # %%%%%%%%%%%%%%%%%%计算平均值的版本%%%%%%%%%%%%%%%%%%%%%%%
        # self.linear.set_gradients(w=weight_gradients / self.seq_len, b=bias_gradients / self.seq_len)
        # %%%%%%%%%%%%%%%%%%不计算平均值的版本%%%%%%%%%%%%%%%%%%%%%%%
        self.linear.set_gradients(w=weight_gradients, b=bias_gradients)  # 设置梯度值

        list.reverse(input_gradients)  # input_gradients是逆序的，最后输出时需要reverse一下
        print("sum(weight_gradients) = {}".format(np.sum(weight_gradients)))

        # np.stack的作用是将列表转变成一个矩阵
        return np.stack(input_gradients), h_gradient

    def step(self, lr):
        self.linear.step(lr)
        self.activation.step(lr)
