"""Scripts: somebody's own training script, run in a child process, and what was recorded of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import mtorch
from mtorch.debug.recording.reader import Recording
from mtorch.errors import ScenarioError
from tui.checking import Checked

ROOT = Path(mtorch.__file__).parent.parent
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from mtorch.debug.strangers.child import main; main()"
"""Ours is imported before the script's folder is on the path: a package of the script's may be called mtorch, too."""


@dataclass(frozen=True)
class Ran:
    """A script that was run, and its recording. `failure` says where it failed, `unclear` what was not guessed."""

    recording: Recording
    failure: str
    unclear: tuple[str, ...]


def run(script: str, args: tuple[str, ...], iterations: int, out: Path, begins: str = "", aside: bool = False) -> Ran:
    """Run a script until so many iterations are recorded; `aside`: what it prints goes to stderr.

    Raises ScenarioError where nothing was recorded.
    """
    if not os.path.isfile(script):
        came = "a folder" if os.path.isdir(script) else "nothing"
        raise ScenarioError(f"{script}: expected a Python script, got {came}")
    if out.exists():
        raise ScenarioError(f"-o {out}: exists already; choose another name, or remove it first")
    if not out.absolute().parent.is_dir():
        raise ScenarioError(f"-o {out}: there is no folder {out.parent}")
    command = [sys.executable, "-P", "-c", BOOT, str(ROOT), str(out.absolute()), str(iterations), begins, script, *args]
    # Ctrl-C is for the script, which is in this terminal, too.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = subprocess.run(
            command,
            env={"MPLBACKEND": "Agg", **os.environ},
            stdout=2 if aside else None,
            preexec_fn=lambda: signal.signal(signal.SIGINT, before),
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    if not out.exists():
        why = ended(status) if status else "no class with a forward and a backward was at work"
        raise ScenarioError(f"{script}: nothing was recorded: {why}")
    recording = Recording(out)
    unclear = recording.meta.get("unclear")
    failure = recording.meta.get("failure")
    if not failure and status:  # it was ended before that could be written down
        failure = ended(status)
    broken = recording.meta.get("broken")
    if isinstance(broken, str) and broken:
        failure = f"watching it was given up: {broken}"
    lines = tuple(str(line) for line in unclear) if isinstance(unclear, list) else ()
    return Ran(recording, failure if isinstance(failure, str) else "", lines)


def ended(status: int) -> str:
    return f"it ended with status {status}" if status > 0 else f"it was ended by signal {-status}"


def checked(name: str, recording: Recording) -> Checked:
    """What was found in a script where it ran."""
    reports = [recording.report(trace) for n in recording.kept if (trace := recording.trace(n)) is not None]
    found = [report for report in reports if report is not None]
    return Checked(
        name,
        0,
        len(found),
        tuple(check for report in found for check in report.checks),
        tuple((finding, report.trace.events[finding.event].address) for report in found for finding in report.findings),
    )
