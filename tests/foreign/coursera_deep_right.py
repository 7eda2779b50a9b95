import numpy as np

# L-layer network: [LINEAR -> RELU] * (L-1) -> LINEAR -> SIGMOID
# examples are columns, X.shape = (n_x, m)


class LinearLayer:

    def __init__(self, n, n_prev):
        self.W = np.random.randn(n, n_prev) * np.sqrt(2 / n_prev)
        self.b = np.zeros((n, 1))

    def forward(self, A_prev):
        self.A_prev = A_prev
        Z = np.dot(self.W, A_prev) + self.b
        assert(Z.shape == (self.W.shape[0], A_prev.shape[1]))
        return Z

    def backward(self, dZ):
        m = self.A_prev.shape[1]
        self.dW = 1. / m * np.dot(dZ, self.A_prev.T)
        self.db = 1. / m * np.sum(dZ, axis=1, keepdims=True)
        dA_prev = np.dot(self.W.T, dZ)
        assert(dA_prev.shape == self.A_prev.shape)
        return dA_prev


class ReluLayer:

    def forward(self, Z):
        self.Z = Z
        return np.maximum(0, Z)

    def backward(self, dA):
        dZ = np.array(dA, copy=True)  # just converting dz to a correct object.
        # When z <= 0, you should set dz to 0 as well.
        dZ[self.Z <= 0] = 0
        return dZ


class SigmoidLayer:

    def forward(self, Z):
        self.A = 1 / (1 + np.exp(-Z))
        return self.A

    def backward(self, dA):
        return dA * self.A * (1 - self.A)


class CrossEntropyCost:

    def forward(self, AL, Y):
        self.AL, self.Y = AL, Y
        m = Y.shape[1]
        cost = -1. / m * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
        return np.squeeze(cost)

    def backward(self):
        # derivative of cost with respect to AL
        dAL = - (np.divide(self.Y, self.AL) - np.divide(1 - self.Y, 1 - self.AL))
        return dAL


class DeepNet:

    def __init__(self, layers_dims):
        self.layers = []
        for l in range(1, len(layers_dims)):
            self.layers.append(LinearLayer(layers_dims[l], layers_dims[l - 1]))
            last = l == len(layers_dims) - 1
            self.layers.append(SigmoidLayer() if last else ReluLayer())
        self.cost = CrossEntropyCost()

    def forward(self, X):
        A = X
        for layer in self.layers:
            A = layer.forward(A)
        return A

    def backward(self):
        dA = self.cost.backward()
        for layer in reversed(self.layers):
            dA = layer.backward(dA)

    def update_parameters(self, learning_rate):
        for layer in self.layers:
            if isinstance(layer, LinearLayer):
                layer.W = layer.W - learning_rate * layer.dW
                layer.b = layer.b - learning_rate * layer.db


np.random.seed(3)
m = 50
X = np.random.randn(3, m)
Y = (np.sum(X ** 2, axis=0, keepdims=True) > 2.4).astype(int)

net = DeepNet([3, 10, 6, 1])
for i in range(0, 100):
    AL = net.forward(X)
    cost = net.cost.forward(AL, Y)
    net.backward()
    net.update_parameters(0.5)
    if i % 20 == 0:
        print("Cost after iteration %i: %f" % (i, cost))

predictions = (net.forward(X) > 0.5)
print("Accuracy: " + str(np.mean(predictions == Y)))
