"""Data: files, bundled digits, waves, points, text. Each is, or fills, batches that are found by number."""

from mtorch.data.digits import load_digits
from mtorch.data.idx import read_idx, read_mnist
from mtorch.data.points import spirals, xor
from mtorch.data.text import Characters
from mtorch.data.waves import SineCosine
from mtorch.loader import DataLoader

__all__ = ["Characters", "DataLoader", "SineCosine", "load_digits", "read_idx", "read_mnist", "spirals", "xor"]
