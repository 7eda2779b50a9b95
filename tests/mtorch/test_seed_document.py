"""The program in the document that the project grew from, word for word."""

from __future__ import annotations

import numpy as np
import pytest

from mtorch import DataLoader, manual_seed
from mtorch.data import load_digits

SETTINGS = {"ROW_NUM": 8, "COLUM_NUM": 8, "CLASS_NUM": 10, "EPOCH_NUM": 21, "TEST_STEP": 10, "learning_rate": 0.3}

PROGRAM = """
from mtorch import layers, Module, Sequential, SquareLoss, SGD


class DigitModule(Module):
    def __init__(self):
        sequential = Sequential([
            layers.Linear2(in_dim=ROW_NUM * COLUM_NUM, out_dim=16, coe=2),
            layers.Relu(16),
            layers.Linear2(in_dim=16, out_dim=16, coe=2),
            layers.Relu(16),
            layers.Linear2(in_dim=16, out_dim=CLASS_NUM, coe=1),
            layers.Sigmoid(CLASS_NUM)
        ])
        super(DigitModule, self).__init__(sequential)


module = DigitModule()  #  create module
loss_func = SquareLoss(backward_func=module.backward)  #  define loss function
optimizer = SGD(module, lr=learning_rate)  #  define optimizer

for i in range(EPOCH_NUM):  # EPOCH_NUM
    trainning_loss = 0  # loss
    for data in train_loader:  # train_loader
        imgs, targets = data  #
        outputs = module(imgs)  #
        loss = loss_func(outputs, targets, transform=True)  # loss / calculate loss
        trainning_loss += loss.value
        loss.backward()  #  / calculate gradiant through back propagation
        optimizer.step()  #  / adjust the weights of network through optimizer
    if i % TEST_STEP == 0:  # TEST_STEP
        show_effect(i, module, loss_func, test_loader, i // TEST_STEP)
        print("{} turn finished, loss of train set = {}".format(i, trainning_loss))
"""


def test_the_document_s_program_trains(capsys: pytest.CaptureFixture[str]) -> None:
    digits, shares = load_digits(), []

    def loader(part: str, batch_size: int) -> DataLoader:
        images = (digits[f"{part}_images"].reshape(-1, 64) / 16).astype(np.float32)
        return DataLoader(images, digits[f"{part}_labels"], batch_size)

    def show_effect(turn, module, loss_func, test_loader, number):  # type: ignore[no-untyped-def]
        module.eval()
        shares.append(np.mean([(module(x).argmax(axis=1) == y).mean() for x, y in test_loader]))
        module.train()

    manual_seed(0)
    loaders = {"train_loader": loader("train", 20), "test_loader": loader("test", 360)}
    exec(PROGRAM, {**SETTINGS, **loaders, "show_effect": show_effect})
    said = capsys.readouterr().out.splitlines()
    losses = [float(line.split(" = ")[1]) for line in said]
    assert [line.split(" ")[0] for line in said] == ["0", "10", "20"]
    assert losses[2] < losses[0] / 4
    assert shares[2] > 0.85
