import numpy as np
class Perceptron:
    """network with lists of (w, b) tuples, backward(x, target) handed rates"""
    def __init__(self,shape,act="sigmoid"):
        self.weights=[]; self.biases=[]
        g=np.random.RandomState(5)
        for a,b in zip(shape[:-1],shape[1:]): self.weights.append(g.randn(b,a)); self.biases.append(g.randn(b,1))
    def feedforward(self,a): return self.forward(a)
    def forward(self,a):
        self.zs=[]; self.acts=[a]
        for w,b in zip(self.weights,self.biases):
            z=w@a+b; a=1/(1+np.exp(-z)); self.zs.append(z); self.acts.append(a)
        return a
    def backward(self,target):
        nw=[None]*len(self.weights); nb=[None]*len(self.biases)
        delta=(self.acts[-1]-target)*self.acts[-1]*(1-self.acts[-1])
        for l in range(1,len(self.weights)+1):
            if l>1:
                s=self.zs[-l]; delta=self.weights[-l+1].T@delta*s*(1-s)
            nb[-l]=delta; nw[-l]=delta@self.acts[-l-1].T
        return nw,nb
    def update(self,batch,eta):
        W=[np.zeros_like(w) for w in self.weights]; B=[np.zeros_like(b) for b in self.biases]
        for x,y in batch:
            self.forward(x); nw,nb=self.backward(y)
            W=[a+b for a,b in zip(W,nw)]; B=[a+b for a,b in zip(B,nb)]
        self.weights=[w-eta/len(batch)*d for w,d in zip(self.weights,W)]; self.biases=[b-eta/len(batch)*d for b,d in zip(self.biases,B)]
net=Perceptron([3,4,2]); r=np.random.RandomState(0)
for e in range(5):
    batch=[(r.rand(3,1),r.rand(2,1)) for _ in range(6)]; net.update(batch,3.0)
