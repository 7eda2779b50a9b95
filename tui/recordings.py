"""Recordings as targets: what a file says of its run, and that run brought back where everything for it is here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import scenarios
from mtorch import Training, __version__
from mtorch.debug.recording.machine import data_digest, machine
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.window import Window
from mtorch.debug.session import Session
from mtorch.debug.spans import plural
from mtorch.debug.strangers.tape import GIVEN_UP, STOPPED
from mtorch.errors import ScenarioError
from scenarios import Scenario
from tui.datasets import DATASETS
from tui.targets import Target, from_file

LARGER = 64
"""How many times its default a recorded setting may be, before somebody must have asked for it."""

LARGEST_SEED = 2**63 - 1


class NotHere(ScenarioError):
    """A recording's run can't be run again here. `reason` says why, without the file's name."""

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{name}: cannot be run again: {reason}")


def description(target: Target) -> dict[str, Any]:
    """What a recording says of its run, besides numbers: enough to build it again, and to explain other last bits."""
    made: dict[str, Any] = {"kind": "scenario", "name": target.name, "settings": dict(target.settings)}
    if target.source is not None:
        made = {"kind": "program" if target.foreign else "file", "name": target.source.name, "sha256": target.sha256}
    if target.recording is not None:
        made = target.recording.meta["target"]
    return {
        "target": made,
        "seed": target.seed,
        "data": "" if target.foreign else data_digest(target.training),
        "dtype": "" if target.foreign else str(target.training.dtype),
        "version": __version__,
        "machine": machine(),
    }


def load(name: str, assignments: tuple[str, ...] = (), data: Path | None = None, source: Path | None = None) -> Target:
    """A recording's run as a target. Raises NotHere where it can't be run again, DataError for no recording."""
    return rebuilt(Recording(name), name, assignments, data, source)


def opened(
    name: str, assignments: tuple[str, ...], data: Path | None, source: Path | None, budget: int | None
) -> tuple[Session, Target | None, Recording]:
    """A session of a recording: of its run where that can be run again, else of what was kept whole."""
    recording = Recording(name)
    try:
        target = rebuilt(recording, name, assignments, data, source)
    except NotHere as error:
        if source is not None or data is not None or assignments:
            raise  # what the user gave for it does not do
        if not recording.kept:
            raise NotHere(name, f"{error.reason}; and no iteration of it was kept whole") from None
        return Window(recording, error.reason), None, recording
    return target.session(budget), target, recording


def ending(failure: object, n: int) -> str:
    """How a script of which n iterations were recorded ended, in words; "" where nothing went wrong."""
    iterations = plural(n, "iteration")
    if not isinstance(failure, str) or not failure:
        return ""
    if failure.startswith((STOPPED, GIVEN_UP)):
        return f"{failure}; {iterations} recorded"
    return f"the script failed: {failure}, after {iterations}"


def rebuilt(
    recording: Recording, name: str, assignments: tuple[str, ...], data: Path | None, source: Path | None
) -> Target:
    made, seed = recording.meta.get("target"), recording.meta.get("seed")
    if not isinstance(made, dict) or type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
        raise NotHere(name, "it doesn't say what made it")
    if made.get("kind") == "script":
        raise NotHere(name, f"it is of a script, {str(made.get('name'))[:80]}, which mtorch run runs anew")
    if made.get("kind") == "program":
        raise NotHere(name, f"it is of {str(made.get('name'))[:80]}, whose build(seed) made no mtorch.Training")
    if made.get("kind") == "file":
        return of_file(recording, name, seed, made, assignments, data, source)
    if source is not None:
        raise ScenarioError(f"--source {source}: {name} was made by a scenario, not by a file")
    scenario = scenarios.SCENARIOS.get(str(made.get("name")))
    if scenario is None:
        raise NotHere(name, f"no scenario is called {str(made.get('name'))[:40]!r} here")
    settings = settings_of(name, scenario, made.get("settings"), scenario.parse(assignments))
    if data is not None and not scenario.takes_data:
        raise ScenarioError(f"--data {data}: {scenario.name} takes no data")
    for folder in places(scenario, data):
        training = scenario.build(seed, folder, settings)
        target = Target(name, seed, training, scenario.epochs, settings=settings, thresholds=scenario.thresholds)
        if data_digest(target.training) == recording.meta.get("data"):
            return checked(recording, target)
    if scenario.takes_data:
        raise NotHere(
            name, "its data isn't here; --data DIR says where it is" if data is None else f"{data}: other data"
        )
    raise NotHere(name, "its scenario makes other data here")


def settings_of(name: str, scenario: Scenario, recorded: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded settings, where they are a scenario's and modest: whoever made the file must not fill the memory."""
    if not isinstance(recorded, dict) or recorded.keys() - scenario.settings.keys():
        raise NotHere(name, f"its settings are not those of {scenario.name}")
    for key, value in recorded.items():
        default = scenario.settings[key]
        if type(value) is not type(default) or not 0 < value < float("inf"):
            raise NotHere(name, f"expected a positive {type(default).__name__} for {key}, got {str(value)[:40]!r}")
        if value > LARGER * default and asked.get(key) != value:
            raise NotHere(name, f"{key}={value} is unusually large; --set {key}={value} says that it is meant")
    grown = math.prod(max(1.0, value / scenario.settings[key]) for key, value in recorded.items() if key not in asked)
    if grown > LARGER:
        said = " ".join(f"--set {key}={value}" for key, value in recorded.items() if value > scenario.settings[key])
        raise NotHere(name, f"its settings together are unusually large; {said} says that they are meant")
    for key, value in asked.items():
        if value != recorded.get(key, scenario.settings[key]):
            raise ScenarioError(f"--set {key}={value}: the run was recorded with {key}={recorded.get(key)}")
    return {**scenario.settings, **recorded}


def places(scenario: Scenario, data: Path | None) -> list[Path | None]:
    """Where a scenario's data may be: where the user says, else bundled, else where it was fetched to."""
    if data is not None:
        return [data]
    fetched = [d.path for d in DATASETS.values() if not d.bundled and scenario.takes_data and not d.missing()]
    return [None, *fetched]


def of_file(
    recording: Recording,
    name: str,
    seed: int,
    made: dict[str, Any],
    assignments: tuple[str, ...],
    data: Path | None,
    source: Path | None,
) -> Target:
    """The run of a user's own file, which is run only if the user names it, and if it is the one that was recorded."""
    if source is None:
        raise NotHere(name, f"a file made it, {str(made.get('name'))[:80]}; --source FILE runs that file")
    target = from_file(str(source), seed, assignments, data)
    assert target.source is not None
    if target.sha256 != made.get("sha256"):
        raise NotHere(name, f"{source} isn't the file that made it, or was changed since; mtorch diff compares the two")
    if data_digest(target.training) != recording.meta.get("data"):
        raise NotHere(name, "its batches come out otherwise here")
    return checked(recording, target)


def checked(recording: Recording, target: Target) -> Target:
    """The target with its recording, if the network is of the same make."""
    if shapes(target.training) != {
        name: (array.shape, array.dtype) for name, array in recording.state(0).model.items()
    }:
        raise NotHere(target.name, "the network that is built here has other parameters")
    return replace(target, recording=recording)


def shapes(training: Training) -> dict[str, tuple[Any, np.dtype[Any]]]:
    return {name: (array.shape, array.dtype) for name, array in training.model.state_dict().items()}
