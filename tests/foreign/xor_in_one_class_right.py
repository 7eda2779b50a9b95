import numpy as np
def sigmoid(s): return 1/(1+np.exp(-s))
def sigmoid_deriv(s): return s*(1-s)
X=np.array(([2,9],[1,5],[3,6]),dtype=float); y=np.array(([92],[86],[89]),dtype=float)
X=X/np.amax(X,axis=0); y=y/100
class NeuralNetwork(object):
    def __init__(self):
        np.random.seed(0)
        self.W1=np.random.randn(2,3); self.W2=np.random.randn(3,1)
    def forward(self,X):
        self.z=np.dot(X,self.W1); self.z2=sigmoid(self.z); self.z3=np.dot(self.z2,self.W2)
        return sigmoid(self.z3)
    def backward(self,X,y,o):
        self.o_error=y-o
        self.o_delta=self.o_error*sigmoid_deriv(o)
        self.z2_error=self.o_delta.dot(self.W2.T)
        self.z2_delta=self.z2_error*sigmoid_deriv(self.z2)
        self.W1+=X.T.dot(self.z2_delta)
        self.W2+=self.z2.T.dot(self.o_delta)
    def train(self,X,y):
        o=self.forward(X); self.backward(X,y,o)
NN=NeuralNetwork()
for i in range(100):
    NN.train(X,y)
print("Loss:",np.mean(np.square(y-NN.forward(X))))
