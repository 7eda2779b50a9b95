"""No module of strangers, which are imported in any order, needs another one to have been imported before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mtorch.debug import strangers

EACH_ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [known for known in sys.modules if known.startswith("mtorch.debug")]:
        del sys.modules[known]
    importlib.import_module(name)
"""


def test_every_module_can_be_imported_first() -> None:
    names = [f"{strangers.__name__}.{path.stem}" for path in Path(strangers.__path__[0]).glob("[a-z]*.py")]
    assert len(names) > 20
    done = subprocess.run([sys.executable, "-c", EACH_ALONE, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-400:]
