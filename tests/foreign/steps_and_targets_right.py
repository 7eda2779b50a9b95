import numpy as np
class RNN:
    """forward over list, probabilities by step; backward(targets) without loss method"""
    def __init__(self,V,H): r=np.random.RandomState(0); self.Wx=r.randn(H,V)*.3; self.Wh=r.randn(H,H)*.3; self.Wy=r.randn(V,H)*.3; self.h0=np.zeros(H)
    def forward(self,ids):
        self.ids=ids; self.hs=[self.h0]; self.ps=[]
        for i in ids:
            self.hs.append(np.tanh(self.Wx[:,i]+self.Wh@self.hs[-1])); e=np.exp(self.Wy@self.hs[-1]); self.ps.append(e/e.sum())
        return np.array(self.ps)
    def backward(self,targets):
        self.dWx,self.dWh,self.dWy=(np.zeros_like(w) for w in(self.Wx,self.Wh,self.Wy)); dh=np.zeros_like(self.h0)
        for t in reversed(range(len(targets))):
            dy=self.ps[t].copy(); dy[targets[t]]-=1; self.dWy+=np.outer(dy,self.hs[t+1])
            d=(self.Wy.T@dy+dh)*(1-self.hs[t+1]**2); self.dWx[:,self.ids[t]]+=d; self.dWh+=np.outer(d,self.hs[t]); dh=self.Wh.T@d
n=RNN(5,6); r=np.random.RandomState(2)
for k in range(10):
    s=list(r.randint(0,5,7)); n.forward(s[:-1]); n.backward(s[1:])
    for p in("Wx","Wh","Wy"): getattr(n,p).__isub__(.1*getattr(n,"d"+p))
