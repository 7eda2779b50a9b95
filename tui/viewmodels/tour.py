"""The tour: what somebody new should press, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Step(NamedTuple):
    """The ids of the keys any of which is the step, and what is said, with those keys in braces."""

    ids: tuple[str, ...]
    words: str


STEPS = (
    Step(
        ("continue",),
        "{0} runs to the next finding, where something is wrong. What is wrong stands under “here”. Press {0}.",
    ),
    Step(
        ("step", "reverse-step"),
        "A training run is a line of events. {0} steps to the next one, {1} back to the one before. Press either.",
    ),
    Step(
        ("next-tensor",),
        "The table is one of the event's tensors; a ✗ marks a wrong number. {0} shows the next tensor.",
    ),
    Step(
        ("panel-3",),
        "{0} shows the whole network, forward and backward, in place of the tensors; the 2 goes back to these.",
    ),
    Step(("whence",), "{0} asks where the chosen number comes from: enter goes to one of its terms, esc closes."),
    Step(
        ("help",),
        "{0} shows every key and command, and esc closes that. A colon takes commands: goto, break, watch, set.",
    ),
)


def said(step: Step, keys: Callable[[str], str]) -> str:
    """A step's words, with its keys as they are; `keys` has them by ids."""
    return step.words.format(*map(keys, step.ids))
