import numpy as np
class Dense:
    def __init__(self,i,o,l2=0.01): self.W=np.random.randn(i,o)*.3; self.b=np.zeros(o); self.l2=l2
    def forward(self,x): self.x=x; return x@self.W+self.b
    def backward(self,d):
        self.dW=self.x.T@d+self.l2*self.W
        self.db=d.sum(0)
        return d@self.W.T
class Sigmoid:
    def forward(self,x): self.y=1/(1+np.exp(-x)); return self.y
    def backward(self,d): return d*self.y*(1-self.y)
np.random.seed(0)
L=[Dense(3,5),Sigmoid(),Dense(5,1)]
X=np.random.randn(20,3); T=X[:,:1]*X[:,1:2]
for i in range(40):
    a=X
    for l in L: a=l.forward(a)
    d=2*(a-T)/len(X)
    for l in reversed(L): d=l.backward(d)
    for l in L:
        if isinstance(l,Dense): l.W-=.1*l.dW; l.b-=.1*l.db
