"""The layers: numpy in, numpy out, every gradient the true derivative."""

from mtorch.layers.activation import Activation, Gelu, LeakyRelu, Relu, Sigmoid, Softmax, Tanh
from mtorch.layers.base import Layer
from mtorch.layers.convolution import Conv2d
from mtorch.layers.dropout import Dropout
from mtorch.layers.embedding import Embedding
from mtorch.layers.flatten import Flatten
from mtorch.layers.gated import GRU, LSTM
from mtorch.layers.linear import Linear, Linear2, Linear3
from mtorch.layers.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from mtorch.layers.pooling import AvgPool2d, MaxPool2d
from mtorch.layers.recurrent import RNN
from mtorch.layers.residual import Residual
from mtorch.layers.sequential import Sequential

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "Gelu",
    "Layer",
    "LayerNorm",
    "LeakyRelu",
    "Linear",
    "Linear2",
    "Linear3",
    "MaxPool2d",
    "Relu",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
