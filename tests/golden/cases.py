"""The cases that mtorch is compared with PyTorch on; make.py runs the same ones with PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kinds import Case, ClipCase, LayerCase, LossCase, OptimizerCase, ScheduleCase, Shape
from mapping import Arrays

FILE = Path(__file__).with_name("golden.npz")


def layer(name: str, kind: str, *args: Any, scale: float = 1, whole: bool = False, **rest: Any) -> LayerCase:
    """`rest` are the inputs' shapes, and options."""
    inputs = {key: rest.pop(key) for key in ("h0", "c0", "x") if key in rest}
    return LayerCase(name, kind, args, rest, inputs, scale, whole)


def loss(
    name: str, kind: str, shape: Shape = (5, 3), scale: float = 1, whole: bool = False, **options: Any
) -> LossCase:
    return LossCase(name, kind, (), options, shape, scale, whole)


LAYERS = [
    layer("linear", "Linear", 4, 3, x=(5, 4)),
    layer("linear_sequence", "Linear", 4, 3, x=(3, 5, 4)),
    layer("relu", "Relu", x=(4, 5)),
    layer("relu_at_0", "Relu", x=(4, 5), whole=True),
    layer("leaky_relu", "LeakyRelu", x=(4, 5)),
    layer("leaky_relu_slope_at_0", "LeakyRelu", slope=0.2, x=(4, 5), whole=True),
    layer("sigmoid", "Sigmoid", x=(4, 5)),
    layer("sigmoid_far_out", "Sigmoid", x=(4, 5), scale=300),
    layer("tanh", "Tanh", x=(4, 5)),
    layer("softmax", "Softmax", x=(2, 4, 5)),
    layer("softmax_far_out", "Softmax", x=(4, 5), scale=300),
    layer("gelu", "Gelu", x=(4, 5), scale=2),
    layer("flatten", "Flatten", x=(3, 2, 4, 2)),
    layer("conv2d", "Conv2d", 2, 3, 3, x=(2, 2, 5, 6)),
    layer("conv2d_stride", "Conv2d", 2, 3, 3, stride=2, x=(2, 2, 8, 7)),
    layer("conv2d_padding", "Conv2d", 2, 3, 3, padding=1, x=(2, 2, 5, 4)),
    layer("conv2d_pairs", "Conv2d", 3, 2, (2, 3), stride=(3, 2), padding=(2, 1), x=(2, 3, 6, 7)),
    layer("conv2d_1x1", "Conv2d", 3, 2, 1, x=(2, 3, 3, 4)),
    layer("max_pool2d", "MaxPool2d", 2, x=(2, 3, 4, 6)),
    layer("max_pool2d_overlapping", "MaxPool2d", 3, stride=2, x=(2, 2, 7, 8)),
    layer("max_pool2d_pairs", "MaxPool2d", (3, 2), stride=(1, 3), x=(2, 2, 5, 8)),
    layer("max_pool2d_ties", "MaxPool2d", 3, stride=1, x=(2, 2, 6, 6), whole=True),
    layer("avg_pool2d", "AvgPool2d", 2, x=(2, 3, 4, 6)),
    layer("avg_pool2d_overlapping", "AvgPool2d", 3, stride=2, x=(2, 2, 7, 8)),
    layer("avg_pool2d_pairs", "AvgPool2d", (3, 2), stride=(1, 3), x=(2, 2, 5, 8)),
    layer("batch_norm1d", "BatchNorm1d", 3, x=(6, 3)),
    layer("batch_norm1d_length", "BatchNorm1d", 3, x=(4, 3, 5)),
    layer("batch_norm1d_options", "BatchNorm1d", 3, eps=1e-2, momentum=0.3, x=(6, 3)),
    layer("batch_norm2d", "BatchNorm2d", 3, x=(4, 3, 2, 5)),
    layer("layer_norm", "LayerNorm", 5, x=(4, 5)),
    layer("layer_norm_two_axes", "LayerNorm", (4, 5), eps=1e-2, x=(2, 3, 4, 5)),
    layer("embedding", "Embedding", 6, 3, x=(4, 5)),
    layer("rnn", "RNN", 2, 3, x=(5, 4, 2)),
    layer("rnn_states", "RNN", 2, 3, h0=(4, 3), x=(5, 4, 2)),
    layer("rnn_relu_states", "RNN", 2, 3, nonlinearity="relu", h0=(4, 3), x=(5, 4, 2)),
    layer("rnn2", "RNN", 2, 3, num_layers=2, x=(5, 4, 2)),
    layer("rnn2_states", "RNN", 2, 3, num_layers=2, h0=(2, 4, 3), x=(5, 4, 2)),
    layer("lstm", "LSTM", 2, 3, x=(5, 4, 2)),
    layer("lstm_states", "LSTM", 2, 3, h0=(4, 3), c0=(4, 3), x=(5, 4, 2)),
    layer("lstm2", "LSTM", 2, 3, num_layers=2, x=(5, 4, 2)),
    layer("lstm2_states", "LSTM", 2, 3, num_layers=2, h0=(2, 4, 3), c0=(2, 4, 3), x=(5, 4, 2)),
    layer("lstm3_states", "LSTM", 2, 3, num_layers=3, h0=(3, 4, 3), c0=(3, 4, 3), x=(5, 4, 2)),
    layer("gru", "GRU", 2, 3, x=(5, 4, 2)),
    layer("gru_states", "GRU", 2, 3, h0=(4, 3), x=(5, 4, 2)),
    layer("gru2", "GRU", 2, 3, num_layers=2, x=(5, 4, 2)),
    layer("gru2_states", "GRU", 2, 3, num_layers=2, h0=(2, 4, 3), x=(5, 4, 2)),
    layer("residual", "Residual", ("Linear", 4, 4), ("Tanh",), x=(5, 4)),
    layer(
        "sequential",
        "Sequential",
        ("Conv2d", 1, 2, 3),
        ("Relu",),
        ("MaxPool2d", 2),
        ("Flatten",),
        ("Linear", 8, 4),
        ("LayerNorm", 4),
        x=(3, 1, 6, 6),
    ),
]
LOSSES = [
    loss(f"{name}_{reduction}", kind, reduction=reduction, **rest)
    for reduction in ("mean", "sum")
    for name, kind, rest in [
        ("square", "SquareLoss", {}),
        ("mse", "MSELoss", {}),
        ("l1", "L1Loss", {}),
        ("l1_at_0", "L1Loss", {"whole": True}),
        ("huber", "HuberLoss", {}),
        ("huber_at_delta", "HuberLoss", {"whole": True}),
        ("huber_delta", "HuberLoss", {"delta": 0.3}),
        ("cross_entropy", "CrossEntropyLoss", {}),
        ("cross_entropy_sequence", "CrossEntropyLoss", {"shape": (2, 5, 3)}),
        ("cross_entropy_far_out", "CrossEntropyLoss", {"scale": 300}),
        ("bce", "BCEWithLogitsLoss", {}),
        ("bce_far_out", "BCEWithLogitsLoss", {"scale": 300}),
    ]
] + [
    loss("square_batchmean", "SquareLoss", reduction="batchmean"),
    loss("square_batchmean_sequence", "SquareLoss", (2, 5, 3), reduction="batchmean"),
]
OPTIMIZERS = [
    OptimizerCase(name, kind, (), options)
    for name, kind, options in [
        ("sgd", "SGD", {"lr": 0.1}),
        ("sgd_weight_decay", "SGD", {"lr": 0.1, "weight_decay": 0.1}),
        ("sgd_momentum", "SGD", {"lr": 0.1, "momentum": 0.9}),
        ("sgd_momentum_weight_decay", "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
        ("sgd_nesterov", "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("sgd_nesterov_weight_decay", "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
        ("adam", "Adam", {"lr": 0.1}),
        ("adam_options", "Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
        ("adam_weight_decay", "Adam", {"lr": 0.1, "weight_decay": 0.1}),
        ("adamw", "AdamW", {"lr": 0.1}),
        ("adamw_no_weight_decay", "AdamW", {"lr": 0.1, "weight_decay": 0.0}),
        ("adamw_weight_decay", "AdamW", {"lr": 0.1, "weight_decay": 0.3}),
        ("rmsprop", "RMSprop", {"lr": 0.1}),
        ("rmsprop_options", "RMSprop", {"lr": 0.1, "alpha": 0.8, "eps": 1e-3}),
        ("rmsprop_weight_decay", "RMSprop", {"lr": 0.1, "weight_decay": 0.1}),
        ("adam_defaults", "Adam", {}),
        ("rmsprop_defaults", "RMSprop", {}),
    ]
]
SCHEDULES = [
    ScheduleCase(name, kind, (), {"lr": 0.4, **options})
    for name, kind, options in [
        ("step_lr", "StepLR", {"step_size": 7}),
        ("step_lr_gamma", "StepLR", {"step_size": 4, "gamma": 0.5}),
        ("exponential_lr", "ExponentialLR", {"gamma": 0.9}),
        ("linear_lr", "LinearLR", {}),
        ("linear_lr_options", "LinearLR", {"start_factor": 0.8, "end_factor": 0.1, "total_iters": 20}),
        ("cosine_annealing_lr", "CosineAnnealingLR", {"T_max": 30}),
        ("cosine_annealing_lr_there_and_back", "CosineAnnealingLR", {"T_max": 9, "eta_min": 0.05}),
    ]
]
CLIPS = [
    ClipCase("clip_grad_norm", "clip_grad_norm", (0.5,)),
    ClipCase("clip_grad_norm_within", "clip_grad_norm", (100.0,)),
    ClipCase("clip_grad_value", "clip_grad_value", (0.5,)),
]
CASES: list[Case] = [*LAYERS, *LOSSES, *OPTIMIZERS, *SCHEDULES, *CLIPS]


def stored() -> dict[str, Arrays]:
    """golden.npz, by case."""
    found: dict[str, Arrays] = {}
    with np.load(FILE) as file:
        for key in file.files:
            name, _, array = key.partition("/")
            found.setdefault(name, {})[array] = file[key]
    return found


def compare(case: Case, golden: Arrays) -> None:
    """AssertionError that names the first array which mtorch makes differently."""
    mine, theirs = case.agreement(golden)
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-10, atol=1e-12, strict=True, err_msg=name)
