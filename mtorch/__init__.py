"""mtorch: neural networks by hand, on numpy alone; and in mtorch.debug a debugger for them."""

from mtorch import layers
from mtorch.data.loader import DataLoader
from mtorch.errors import MtorchError, ShapeError, ShapeNotMatchException
from mtorch.init import manual_seed
from mtorch.layers import Sequential
from mtorch.losses import Loss, SquareLoss
from mtorch.modules import Module
from mtorch.optimizers import SGD
from mtorch.training import Training

__version__ = "0.1.0"
__all__ = [
    "SGD",
    "DataLoader",
    "Loss",
    "Module",
    "MtorchError",
    "Sequential",
    "ShapeError",
    "ShapeNotMatchException",
    "SquareLoss",
    "Training",
    "layers",
    "manual_seed",
]
