"""Scripts: somebody's own training script, run in a child process, and what was recorded of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import mtorch
from mtorch.debug.recording.reader import Recording
from mtorch.debug.report import Report
from mtorch.debug.strangers.child import MOST_SAID
from mtorch.debug.strangers.tape import STOPPED
from mtorch.errors import ScenarioError
from tui.checking import Checked
from tui.guest import what, where
from tui.recordings import ending

ROOT = Path(mtorch.__file__).parent.parent
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from mtorch.debug.strangers.child import main; main()"
"""Ours is imported before the script's folder is on the path: a package of the script's may be called mtorch, too."""


@dataclass(frozen=True)
class Ran:
    """A script that was run, and its recording. `failure` says where it failed, `unclear` what was not guessed."""

    recording: Recording
    failure: str
    unclear: tuple[str, ...]

    @property
    def stopped(self) -> bool:
        return self.failure == STOPPED

    @property
    def said(self) -> str:
        """How it ended, in words; "" where nothing went wrong."""
        return ending(self.failure, len(self.recording.kept))


def run(script: str, args: tuple[str, ...], iterations: int, out: Path, begins: str = "", aside: bool = False) -> Ran:
    """Run a script until so many iterations are recorded; `aside`: what it prints goes to stderr.

    Raises ScenarioError where nothing was recorded.
    """
    if out.exists():
        raise ScenarioError(f"-o {out}: exists already; choose another name, or remove it first")
    if not out.absolute().parent.is_dir():
        raise ScenarioError(f"-o {out}: there is no folder {out.parent}")
    said, says = os.pipe()
    ours = str(ROOT), str(out.absolute()), str(iterations), begins, str(says)
    command = [sys.executable, "-P", "-c", BOOT, *ours, script, *args]
    # Ctrl-C is for the script, which is in this terminal, too.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = subprocess.run(
            command,
            env={"MPLBACKEND": "Agg", **os.environ},
            stdout=2 if aside else None,
            pass_fds=(says,),
            preexec_fn=lambda: signal.signal(signal.SIGINT, before),
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(says)
        notes = told(said)
    if notes["unbegun"]:
        raise ScenarioError(f"--iteration-of {begins}: {notes['unbegun']}")
    if not out.exists():
        why = notes["failure"] or (ended(status) if status else notes["idle"])
        raise ScenarioError(f"{script}: nothing was recorded: {why}")
    failure = notes["failure"] or (ended(status) if status else "")  # it was ended before that could be written down
    return Ran(Recording(out), failure, tuple(notes["unclear"]))


def told(pipe: int) -> dict[str, Any]:
    """What the child said at its end; processes that it left at work may hold the pipe open."""
    os.set_blocking(pipe, False)
    try:
        notes = json.loads(os.read(pipe, MOST_SAID) or "{}")
    except (BlockingIOError, ValueError):
        notes = {}
    finally:
        os.close(pipe)
    return {"failure": "", "idle": "it was ended from outside", "unbegun": "", "unclear": [], **notes}


def usable(script: str) -> None:
    """Raises ScenarioError where there is no such script, or Python can't read it."""
    if script.startswith("-") and not os.path.exists(script):
        raise ScenarioError(f"no such option: {script}")
    if not os.path.isfile(script):
        came = "a folder, and no Python script" if os.path.isdir(script) else "no such file"
        raise ScenarioError(f"{script}: {came}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(Path(script).read_bytes(), script, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise ScenarioError(f"{where(error, script, Path(script))}: {what(error)}") from error
    except OSError as error:
        raise ScenarioError(f"{script}: {error.strerror}") from error


def loss_checked(report: Report) -> bool:
    """Whether a gradient of a layer that returned one number was checked, as a loss does."""
    numbers = {
        event.address.path
        for event in report.trace.events
        if event.address.phase == "forward" and event.depth == 0 and np.ndim(event.tensors.get("output", [0])) == 0
    }
    return any(check.path in numbers and check.ok is not None for check in report.checks)


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
        script=True,
        loss_seen=any(map(loss_checked, found)),
    )
