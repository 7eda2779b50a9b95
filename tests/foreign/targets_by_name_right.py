import numpy as np
class MSE:
    def __call__(self,y_pred,y_true): return np.mean((y_pred-y_true)**2)
    def backward(self,y_pred,y_true): return 2*(y_pred-y_true)/y_pred.size
class Model:
    def __init__(self): self.W=np.random.randn(3,2)*.5; self.b=np.zeros(2)
    def forward(self,x): self.x=x; self.h=x@self.W+self.b; return np.maximum(self.h,.1*self.h)
    def backward(self,desired,lr=.1):
        out=np.maximum(self.h,.1*self.h); d=(out-desired)*np.where(self.h>0,1,.1)/len(out)
        self.W-=lr*self.x.T@d; self.b-=lr*d.sum(0)
np.random.seed(0); m,c=Model(),MSE()
for i in range(12):
    x=np.random.randn(10,3); t=x[:,:2]**2; y=m.forward(x); l=c(y,t); c.backward(y,t); m.backward(t)
