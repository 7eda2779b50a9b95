from . import layers
from .layers import Sequential
from .loss import SquareLoss
from .module import Module
from .optim import SGD
