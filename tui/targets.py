"""Targets: what a command is given to run, by a scenario's name or as a .py file, made into a training."""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import scenarios
from mtorch import Training
from mtorch.debug.checkpoints import BUDGET
from mtorch.debug.health.thresholds import Thresholds
from mtorch.debug.recording.reader import Recording
from mtorch.debug.session import Session
from mtorch.debug.strangers.instruments import Instruments
from mtorch.debug.strangers.programs import Program
from mtorch.debug.strangers.steps import step_of
from mtorch.debug.strangers.travel import travelling
from mtorch.errors import ScenarioError
from tui.guest import GuestError, blame, guest

MODULE = "mtorch_target"
WANTED = "a mtorch.Training, or something with a step(iteration)"
EPOCHS = 10


@dataclass(frozen=True)
class Target:
    """A training under the name that the user gave; `source` is its .py file, resolved, None for a scenario.

    `recording` is what its first iterations were recorded in, where it was given as a recording. `thresholds` are the
    scenario's own, of the rules of health; `sha256` is that of the file as it was run.
    """

    name: str
    seed: int
    training: Training
    epochs: int
    source: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    recording: Recording | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    sha256: str = ""

    def guest(self, doing: str) -> AbstractContextManager[None]:
        """Where the training's code is to run: its errors become ScenarioErrors."""
        return guest(self.name, self.source, doing)

    @property
    def foreign(self) -> bool:
        """Whether it is of a stranger's layers."""
        return isinstance(self.training, Program)

    def session(self, budget: int | None = None) -> Session:
        """A session of the training. What its code raises, sys.exit and Ctrl-C too, is a GuestError that says where."""

        def told(error: BaseException, iteration: int) -> GuestError:
            if isinstance(error, GuestError):
                return error
            return blame(error, self.name, self.source, f"iteration {iteration}")

        if isinstance(self.training, Program):
            with self.guest("its first iterations"):
                return travelling(self.training, budget or BUDGET, told)
        with self.guest(""):
            session = Session(self.training, budget=budget or BUDGET, blame=told, store=self.recording)
        session.ward.limits = Thresholds.of(self.thresholds)
        return session


def load(name: str, seed: int | None = None, assignments: tuple[str, ...] = (), data: Path | None = None) -> Target:
    """The target of that name. Raises MtorchError that says what was expected, what came, and where."""
    if is_recording(name):
        from tui import recordings

        if seed is not None:
            raise ScenarioError(f"--seed {seed}: {name} has its own; a recording is run as it was")
        return recordings.load(name, assignments, data)
    seed = seed or 0
    if name not in scenarios.SCENARIOS and is_file(name):
        return from_file(name, seed, assignments, data)
    scenario = scenarios.find(name)
    settings = scenario.parse(assignments)
    if data is not None and not scenario.takes_data:
        raise ScenarioError(f"--data {data}: {name} takes no data")
    with guest(name, doing=f"--set {' '.join(assignments)}" if assignments else ""):
        training = scenario.build(seed, data, settings)
    settings = {**scenario.settings, **settings}
    return Target(name, seed, training, scenario.epochs, settings=settings, thresholds=scenario.thresholds)


def is_recording(name: str) -> bool:
    """Whether a target is meant as a recording."""
    return name not in scenarios.SCENARIOS and name.endswith(".mtr")


def is_file(name: str) -> bool:
    """Whether a target that is no scenario is meant as a file."""
    return name.endswith(".py") or os.sep in name or os.path.exists(name)


def from_file(name: str, seed: int, assignments: tuple[str, ...], data: Path | None) -> Target:
    if assignments:
        raise ScenarioError(f"--set {assignments[0]}: {name} has no settings; only scenarios have")
    if data is not None:
        raise ScenarioError(f"--data {data}: {name} takes no data; only scenarios do")
    path = Path(os.path.realpath(name))
    if os.path.isdir(path) or not name.endswith(".py"):
        came = "a folder" if os.path.isdir(path) else "another file" if os.path.exists(path) else "nothing"
        raise ScenarioError(f"{name}: expected a .py file with build(seed), got {came}")
    training, sha256 = built(name, path, seed)
    if not isinstance(training.epoch, int | np.integer) or training.epoch < 1:
        raise ScenarioError(f"{name}: expected a Training with at least 1 iteration an epoch, got {training.epoch!r}")
    return Target(name, seed, training, EPOCHS, path, sha256=sha256)


def built(name: str, path: Path, seed: int) -> tuple[Training, str]:
    """What a file's build(seed) makes, as a training, and the file's SHA-256."""
    with guest(name, path):
        with Instruments.listening_later(str(path.parent)) as instruments:
            made = module(path)
            training = build_of(made, name)(seed)
        if inspect.iscoroutine(training):
            training.close()
        if isinstance(training, Training):
            return training, made.sha256
        step = step_of(training)
    if step is None:
        raise ScenarioError(f"{name}: build(seed) expected to return {WANTED}, got {kind(training)}")

    def again() -> Program:
        anew = built(name, path, seed)[0]
        if not isinstance(anew, Program):
            raise ScenarioError(f"{name}: build(seed) returned {kind(training)} first, then {kind(anew)}")
        return anew

    return Program(training, step, instruments, again), made.sha256


def module(path: Path) -> ModuleType:
    """The module that a file makes when it is run, found under a name of its own so that it shadows none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}") from None
    code = compile(content, str(path), "exec", dont_inherit=True)
    made = ModuleType(MODULE)
    made.__file__, made.sha256 = str(path), hashlib.sha256(content).hexdigest()  # type: ignore[attr-defined]
    sys.modules[MODULE] = made  # dataclasses and pickles look themselves up there
    exec(code, made.__dict__)
    return made


def build_of(made: ModuleType, name: str) -> Callable[[int], Any]:
    """The module's `build`, which can be called with a seed."""
    if not hasattr(made, "build"):
        raise ScenarioError("expected a function build(seed), found none")
    build = made.build
    if not callable(build):
        raise ScenarioError(f"expected a function build(seed), got {kind(build)}")
    try:
        inspect.signature(build).bind(0)
    except TypeError:
        raise ScenarioError(f"expected build(seed), got build{inspect.signature(build)}") from None
    return build  # type: ignore[no-any-return]


def kind(value: object) -> str:
    """What something is, for an error: its type with the module it comes from."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
