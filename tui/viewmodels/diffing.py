"""Two runs in step, in words: what is said of an event, and of a tensor, that two runs have or only one of them."""

from __future__ import annotations

from collections.abc import Sequence

from mtorch.debug.differences import make
from mtorch.debug.events import Event
from mtorch.debug.lockstep import Step
from mtorch.debug.spans import plural
from mtorch.layers.base import Array
from tui.viewmodels.kinds import is_complex, is_real
from tui.viewmodels.numbers import short

LONGEST = 13
"""Characters of two names that fit above a column, beside its number."""

FEW = 3
"""Names that are listed at most."""


def step_words(step: Step, a: str, b: str) -> str:
    """What an iteration of two runs of those names comes to."""
    iteration = step.one.iteration
    if step.two is None:
        return f"{b}: {step.why}"
    said = [f"{a} and {b}: {plural(len(step.differing), 'event')} of iteration {iteration} differ"]
    if not step.differing and not step.extra:
        return f"{a} and {b}: iteration {iteration} is the same"
    for name, lone in ((a, [e for e in step.one.events if e.index not in step.pairs]), (b, step.extra)):
        if lone:
            said.append(f"only {name} has {listed([place(event) for event in lone])}")
    return "; ".join(said)


def differing_words(step: Step) -> str:
    """The same in very few words."""
    if step.two is None:
        return "! alone"
    return f"✗ {len(step.differing)} differ" if step.differing else "= same"


def event_words(step: Step, index: int, b: str) -> list[str]:
    """What is to be said of an event beside the run of that name; [] where all is the same."""
    event, there = step.one.events[index], step.pairs.get(index)
    if step.two is None:
        return [f"{b}: {step.why}"]
    if there is None:
        lone = f"; it alone has {listed([place(e) for e in step.extra])}" if step.extra else ""
        return [f"✗ {b} has no such event{lone}"]
    names, words = step.differing.get(index, ()), []
    if names:
        words.append(f"✗ {len(names)} of {plural(len(event.tensors), 'tensor')} differ from {b}: {listed(names)}")
    if lost := [name for name in there.tensors if name not in event.tensors]:
        words.append(f"only {b} has {listed(lost)}")
    inside = sum(index < i < event.end for i in step.differing)
    if inside and not names:
        words.append(f"· {plural(inside, 'event')} inside differ from {b}")
    return words


def tensor_words(step: Step, index: int, name: str, b: str) -> str:
    """The same of a tensor, after its name."""
    if step.two is None:
        return f"{b} did not come here"
    there = step.pairs.get(index)
    if there is None:
        return f"✗ {b} has no such event"
    if name not in there.tensors:
        return f"✗ {b} has no such tensor"
    ours, theirs = step.one.events[index].tensors[name], there.tensors[name]
    if ours.shape != theirs.shape:
        return f"✗ {b} has {make(theirs)}"
    if name not in step.differing.get(index, ()):
        return f"the same in {b}"
    other = "" if ours.dtype == theirs.dtype else f", {theirs.dtype} in {b}"
    if not ours.size or not all(is_real(array) or is_complex(array) for array in (ours, theirs)):
        return f"✗{other}"
    absolute, relative = step.furthest(index, name)
    return f"✗ off by up to {short(absolute)} (relative {short(relative)}){other}"


def headings(a: str, b: str) -> tuple[str, str]:
    """What two runs are called above a column of both: by their names, or by letters where there is no room."""
    return (a, b) if len(a) + len(b) <= LONGEST else ("A", "B")


def counterpart(step: Step, index: int, name: str) -> Array | None:
    """The other run's tensor, where it can stand beside this one's."""
    there = step.pairs.get(index)
    array = there.tensors.get(name) if there else None
    return array if array is not None and array.shape == step.one.events[index].tensors[name].shape else None


def listed(names: Sequence[str]) -> str:
    """The first few of them."""
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")


def place(event: Event) -> str:
    """An event's address without its iteration."""
    return str(event.address).partition(" ")[2]
