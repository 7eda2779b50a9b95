"""Datasets: which there are, where they are on disk, whether they are whole, and how to get them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mtorch.errors import DataError, unknown
from tui.folders import home

if TYPE_CHECKING:
    from tui.download import Progress

TIMEOUT = 10.0  # seconds


@dataclass(frozen=True)
class Dataset:
    """Files by name, each with its SHA-256, and the mirrors (addresses of folders) that have them all.

    `size` is that of all files, in bytes. A bundled dataset comes with the package, at `bundled`; it has
    neither files nor mirrors.
    """

    name: str
    summary: str
    size: int
    scenario: str
    files: Mapping[str, str] = field(default_factory=dict)
    mirrors: tuple[str, ...] = ()
    bundled: Path | None = None

    @property
    def path(self) -> Path:
        return self.bundled or home() / "data" / self.name

    @property
    def command(self) -> str:
        """What to type to train on it."""
        return f"mtorch train {self.scenario}" + ("" if self.bundled else f" --data {shlex.quote(str(self.path))}")

    def missing(self) -> list[str]:
        """The files that are not there, or not whole."""
        return [name for name, sha256 in self.files.items() if not whole(self.path / name, sha256)]


DIGITS = Path(str(files("mtorch.data") / "digits.npz"))
DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="digits",
            summary="1,797 handwritten digits of 8x8 pixels",
            size=45_394,
            scenario="mnist-mlp",
            bundled=DIGITS,
        ),
        Dataset(
            name="mnist",
            summary="70,000 handwritten digits of 28x28 pixels",
            size=11_594_722,
            scenario="mnist-mlp",
            files={
                "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            },
            mirrors=(
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
        ),
    )
}


def find(name: str) -> Dataset:
    """The dataset of that name. Raises DataError that names the nearest ones."""
    if name in DATASETS:
        return DATASETS[name]
    raise DataError(unknown("dataset", name, DATASETS))


def whole(path: Path, sha256: str) -> bool:
    """Whether that file is there and can be read, with that content."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def fetch(
    dataset: Dataset, mirrors: Sequence[str] = (), progress: Progress = lambda *_: None, timeout: float = TIMEOUT
) -> None:
    """Get the files that are missing from the first mirror that has them; `mirrors` come before the dataset's own.

    A file has its name only once it is whole. What has come of it when all mirrors fail, or the user stops,
    is kept as NAME.part, and the next call goes on there. `timeout` is in seconds, for the connection and
    between bytes. `progress` is called with a file's name, how many bytes have come, and of how many.

    Raises DataError that names the file, the mirrors, and what came from each.
    """
    download = downloader()
    order = [*mirrors, *dataset.mirrors]
    try:
        dataset.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(dataset.path, error) from None
    with alone(dataset.path):
        for name in dataset.missing():
            best = fetch_file(download, dataset, name, order, progress, timeout)
            order = [best, *(mirror for mirror in order if mirror != best)]


def unwritable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be written: {error.strerror or error}")


def downloader() -> ModuleType:
    """The module that downloads, imported late. Raises DataError where what it needs is not installed."""
    try:
        from tui import download
    except ImportError as error:
        raise DataError(f"fetching needs pooch and requests ({error}): pip install 'mtorch[fetch]'") from None
    return download


def fetch_file(
    download: ModuleType, dataset: Dataset, name: str, mirrors: Sequence[str], progress: Progress, timeout: float
) -> str:
    """Get one file. Returns the mirror that it came from; raises DataError if none has it."""
    path = dataset.path / name
    failures = []
    for mirror in mirrors:
        try:
            download.get(f"{mirror.rstrip('/')}/{name}", path, dataset.files[name], timeout, progress)
            return mirror
        except download.Failed as error:
            failures.append(f"{mirror}: {error}")
        except OSError as error:
            raise unwritable(path, error) from None
    kept = download.size(download.part_of(path))
    failures += [f"{kept} bytes are kept, and the next try goes on there"] if kept else []
    raise DataError(f"{name} of {dataset.name} could not be fetched: {'; '.join(failures)}")


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While entered, no other process can fetch into a folder. Raises DataError where one does so already.

    Systems and file systems without such locks have none.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            handle = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise unwritable(folder, error) from None
        stack.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{folder}: another process is fetching into it") from None
        except OSError:
            pass  # a file system without locks
        yield
