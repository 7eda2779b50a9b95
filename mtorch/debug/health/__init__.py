"""Health: what is wrong with a training though its gradients are right, from a window of iterations."""
