import numpy as np
np.random.seed(0)
class Layer_Dense:
    def __init__(self,n_inputs,n_neurons): self.weights=.1*np.random.randn(n_inputs,n_neurons); self.biases=np.zeros((1,n_neurons))
    def forward(self,inputs): self.inputs=inputs; self.output=np.dot(inputs,self.weights)+self.biases
    def backward(self,dvalues):
        self.dweights=np.dot(self.inputs.T,dvalues); self.dbiases=np.sum(dvalues,axis=0,keepdims=True)
        self.dinputs=np.dot(dvalues,self.weights.T)
class Activation_ReLU:
    def forward(self,inputs): self.inputs=inputs; self.output=np.maximum(0,inputs)
    def backward(self,dvalues): self.dinputs=dvalues.copy(); self.dinputs[self.inputs<=0]=0
class Activation_Softmax:
    def forward(self,inputs):
        e=np.exp(inputs-np.max(inputs,axis=1,keepdims=True)); self.output=e/np.sum(e,axis=1,keepdims=True)
    def backward(self,dvalues):
        self.dinputs=np.empty_like(dvalues)
        for index,(so,sd) in enumerate(zip(self.output,dvalues)):
            so=so.reshape(-1,1); J=np.diagflat(so)-np.dot(so,so.T); self.dinputs[index]=np.dot(J,sd)
class Loss:
    def calculate(self,output,y): return np.mean(self.forward(output,y))
class Loss_CCE(Loss):
    def forward(self,y_pred,y_true):
        c=np.clip(y_pred,1e-7,1-1e-7); return -np.log(c[range(len(y_pred)),y_true])
    def backward(self,dvalues,y_true):
        n=len(dvalues); y=np.eye(len(dvalues[0]))[y_true]; self.dinputs=-y/dvalues/n
class ASL:
    def __init__(self): self.activation=Activation_Softmax(); self.loss=Loss_CCE()
    def forward(self,inputs,y_true): self.activation.forward(inputs); self.output=self.activation.output; return self.loss.calculate(self.output,y_true)
    def backward(self,dvalues,y_true):
        n=len(dvalues); self.dinputs=dvalues.copy(); self.dinputs[range(n),y_true]-=1; self.dinputs/=n
X=np.random.randn(60,2); y=np.random.randint(0,3,60)
d1,a1,d2,l=Layer_Dense(2,16),Activation_ReLU(),Layer_Dense(16,3),ASL()
for ep in range(20):
    d1.forward(X); a1.forward(d1.output); d2.forward(a1.output); loss=l.forward(d2.output,y)
    l.backward(l.output,y); d2.backward(l.dinputs); a1.backward(d2.dinputs); d1.backward(a1.dinputs)
    for q in (d1,d2): q.weights+=-1.*q.dweights; q.biases+=-1.*q.dbiases
