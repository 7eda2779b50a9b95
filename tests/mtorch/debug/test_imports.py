"""No module needs another one to have been imported before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mtorch

EACH_ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [known for known in sys.modules if known.partition(".")[0] == "mtorch"]:
        del sys.modules[known]
    importlib.import_module(name)
"""


def test_every_module_can_be_imported_first() -> None:
    folder = Path(mtorch.__file__).parent
    names = [".".join(path.relative_to(folder.parent).with_suffix("").parts) for path in folder.rglob("[a-z]*.py")]
    assert len(names) > 60
    done = subprocess.run([sys.executable, "-c", EACH_ALONE, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-400:]
