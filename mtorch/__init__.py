"""mtorch: neural networks by hand, on numpy alone; and in mtorch.debug a debugger for them."""

from mtorch import layers, schedules
from mtorch.errors import MtorchError, ShapeError, ShapeNotMatchException
from mtorch.init import manual_seed
from mtorch.layers import Sequential
from mtorch.loader import DataLoader
from mtorch.losses import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    L1Loss,
    Loss,
    LossFunction,
    MSELoss,
    SquareLoss,
)
from mtorch.modules import Module
from mtorch.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, clip_grad_norm, clip_grad_value
from mtorch.saving import load, save
from mtorch.training import Training

__version__ = "0.1.0"
__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "DataLoader",
    "HuberLoss",
    "L1Loss",
    "Loss",
    "LossFunction",
    "MSELoss",
    "Module",
    "MtorchError",
    "Optimizer",
    "RMSprop",
    "Sequential",
    "ShapeError",
    "ShapeNotMatchException",
    "SquareLoss",
    "Training",
    "clip_grad_norm",
    "clip_grad_value",
    "layers",
    "load",
    "manual_seed",
    "save",
    "schedules",
]
