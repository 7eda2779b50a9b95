"""Child: somebody's script, run as python runs it, with its layers watched."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from mtorch import __version__
from mtorch.debug.events import Trace
from mtorch.debug.recording.machine import machine
from mtorch.debug.report import Report
from mtorch.debug.strangers.conventions import Ways, examined
from mtorch.debug.strangers.instruments import Instruments, said
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly, used_by
from mtorch.debug.strangers.steps import step_of
from mtorch.debug.strangers.surroundings import LIBRARIES
from mtorch.debug.strangers.tape import GIVEN_UP, STOPPED, Tape
from mtorch.layers.base import Array

OURS = ("mtorch", "tui", "scenarios")
"""Names of packages that a script may have of its own."""


MOST_SAID = 60_000
"""Bytes that a pipe takes though nobody reads it yet."""


class Enough(BaseException):
    """So many iterations were to be recorded, and have been. Not an Exception: a script may catch all of those."""


Over = Callable[[Trace, dict[str, Array], Report], None]


def run(
    script: Path,
    args: list[str],
    iterations: int,
    over: Over,
    begins: str = "",
    done: Callable[[Observer, str, str], None] = lambda observer, failure, idle: None,
) -> tuple[int, bool]:
    """Run a script until so many iterations are over, handing each to `over`.

    `done` is called once, with what was observed, where the script failed, or "", and what of it was never called.
    Returns the status that Python would have ended with, and whether so many iterations ended it.
    """

    ways: Ways = {}

    def seen(trace: Trace, state: dict[str, Array]) -> None:
        if sys.__stderr__ is not None and sys.__stderr__.isatty():
            said = f"mtorch: iteration {trace.iteration + 1} of {iterations} recorded, checking …"
            print(said, file=sys.__stderr__, flush=True)
        with uninterrupted(), quietly(*used_by(e.call for e in trace.events)):
            over(trace, state, examined(trace, ways=ways, roots=observer.latest))
        if trace.iteration + 1 == iterations:
            enough()

    def enough() -> None:
        observer.finished = True
        done(observer, "", "")
        if threading.current_thread() is not threading.main_thread():
            leave()
        raise Enough

    observer, failure, status = Observer(seen, begins), "", 0
    observer.lost = enough
    # What is forked has our files open, and nobody who waits for its word.
    os.register_at_fork(after_in_child=lambda: setattr(observer, "broken", "it is another process"))
    made = ModuleType("__main__")
    # Absolute, as Python has it: the script may go to another folder.
    made.__file__, made.__builtins__ = os.path.abspath(script), __builtins__  # type: ignore[attr-defined]
    hide(script.resolve().parent)
    sys.argv = [str(script), *args]
    sys.path.insert(0, str(script.resolve().parent))
    sys.modules["__main__"] = made
    with Instruments(observer, str(script.resolve().parent)) as instruments:
        try:
            exec(compile(script.read_bytes(), made.__file__, "exec", dont_inherit=True), made.__dict__)
            joined()
            build = made.__dict__.get("build")
            if callable(build) and not observer.iteration and not observer.turned:
                stepped(build(0), iterations)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            if stop.code is not None and not isinstance(stop.code, int):
                print(stop.code, file=sys.stderr)
            failure = f"{place(own_frames(stop))}it left with status {status}" if status else ""
        except Enough:
            return 0, True
        except KeyboardInterrupt:
            failure, status = STOPPED, 130
        except BaseException as error:
            failure, status = told(error), 1
        if observer.finished:
            return 0, True
        try:
            if not observer.broken:
                observer.end()
        except Enough:
            return 0, False
        except Exception as error:
            observer.broken = said(error)
        done(observer, failure, instruments.idle())
    return status, False


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """While entered, Ctrl-C waits: an iteration is recorded whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


def stepped(built: Any, iterations: int) -> None:
    """Take the steps of what a script's build(seed) made."""
    step = step_of(built)
    for iteration in range(iterations + 1 if step else 0):  # the last one is over when another begins
        step(iteration)  # type: ignore[misc]


def joined() -> None:
    """Wait for the script's threads, as Python does at its end: they may be what trains."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def others_at_work() -> bool:
    return threading.active_count() > 1 or bool(children())


def children() -> list[Any]:
    """The processes that the script has begun."""
    return list(sys.modules["multiprocessing"].active_children()) if "multiprocessing" in sys.modules else []


def leave() -> None:
    """End the process, whatever threads and processes the script has left at work."""
    sys.stdout.flush()
    for process in children():
        process.terminate()
    os._exit(0)


def hide(folder: Path) -> None:
    """Make room for packages of the script's that are called as ours are; ours hold on to each other."""
    beside = [str(folder), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    found = {name: PathFinder.find_spec(name, beside) for name in OURS}
    ours = {name: getattr(sys.modules.get(name), "__file__", "") for name in OURS}
    theirs = {name for name, spec in found.items() if spec is not None and spec.origin != ours[name]}
    if "mtorch" in theirs:  # what is left of ours would be looked for in theirs
        theirs |= set(OURS)
    for name in list(sys.modules):
        if name.partition(".")[0] in theirs:
            del sys.modules[name]


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Where an error came from, without our own calls."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(here)]


def place(frames: list[traceback.FrameSummary]) -> str:
    """The innermost line of the script's own, which may have called numpy."""
    own = [f for f in frames if not f.filename.startswith((*LIBRARIES, "<"))] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}: " if own else ""


def told(error: BaseException) -> str:
    """Print what Python would have printed, without our own calls in it; returns it in a line."""
    found, frames = traceback.TracebackException.from_exception(error), own_frames(error)
    found.stack = traceback.StackSummary.from_list(frames)
    print("".join(found.format()), end="", file=sys.stderr)
    return place(frames) + "".join(traceback.format_exception_only(error)).strip().split("\n")[-1]


def main() -> None:
    """Run a script as `mtorch run` is asked to, in the process that was made for it."""
    root, out, iterations, begins, pipe, script, *args = sys.argv[1:]
    if sys.path[:1] == [root]:
        del sys.path[0]
    path = Path(script)
    content = path.read_bytes()
    made = {"kind": "script", "name": path.name, "args": args, "sha256": hashlib.sha256(content).hexdigest()}
    about = {"target": made, "seed": 0, "data": "", "dtype": "", "version": __version__, "machine": machine()}
    tape = Tape(Path(out), about)

    own = os.getpid()

    def done(observer: Observer, failure: str, idle: str) -> None:
        if os.getpid() != own:
            return
        if observer.broken:
            failure = f"{GIVEN_UP}: {observer.broken}"
        unclear = [*dict.fromkeys([*observer.unclear, *observer.unnamed])]
        tape.end(observer.notes, failure=failure, unclear=unclear)
        notes = {"failure": failure, "unclear": unclear, "idle": idle, "unbegun": observer.unbegun()}
        os.write(int(pipe), json.dumps(notes).encode()[:MOST_SAID])

    status, ended = run(path, args, int(iterations), tape.add, begins, done)
    sys.stdout.flush()
    if ended and others_at_work():  # which the script was to end, and can't any more
        leave()
    sys.exit(status)
