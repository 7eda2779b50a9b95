"""Data: files, bundled digits, waves, and batches that are found by number."""

from mtorch.data.digits import load_digits
from mtorch.data.idx import read_idx, read_mnist
from mtorch.data.loader import DataLoader
from mtorch.data.waves import SineCosine

__all__ = ["DataLoader", "SineCosine", "load_digits", "read_idx", "read_mnist"]
