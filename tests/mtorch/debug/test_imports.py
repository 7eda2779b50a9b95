"""What others begin with needs no module to have been imported before it."""

from __future__ import annotations

import subprocess
import sys

EACH_ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [known for known in sys.modules if known.startswith("mtorch.debug")]:
        del sys.modules[known]
    importlib.import_module(name)
"""


def test_every_module_can_be_imported_first() -> None:
    ours = ("report", "strangers.conventions", "strangers.observer", "strangers.child", "strangers.travel")
    names = [f"mtorch.debug.{name}" for name in ours]
    done = subprocess.run([sys.executable, "-c", EACH_ALONE, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-400:]
