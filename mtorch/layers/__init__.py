"""The layers: numpy in, numpy out, every gradient the true derivative."""

from mtorch.layers.activation import Activation, Relu, Sigmoid, Tanh
from mtorch.layers.base import Layer, Sequential
from mtorch.layers.linear import Linear, Linear2, Linear3
from mtorch.layers.recurrent import RNN

__all__ = ["RNN", "Activation", "Layer", "Linear", "Linear2", "Linear3", "Relu", "Sequential", "Sigmoid", "Tanh"]
