"""Completion: how a line in the prompt may go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mtorch.debug.breakpoints import NORMS, THINGS
from mtorch.debug.conditions import STATISTICS
from mtorch.debug.events import PHASES, Address
from tui.commands import COMMANDS


class Context(NamedTuple):
    """All that a completion may look at. `names` are the tensors of the event that shows."""

    iteration: int = 0
    addresses: Sequence[Address] = ()
    """Of the iteration that shows."""
    names: Sequence[str] = ()
    inputs: Sequence[str] = ()
    """What of a batch has a name, such as x and target."""
    branches: Sequence[str] = ()
    views: Sequence[str] = ()
    formats: Sequence[str] = ()
    files: Callable[[str], list[str]] = lambda _: []
    """The paths that begin with a text."""

    @property
    def parameters(self) -> list[str]:
        return unique(address.path for address in self.addresses if address.phase == "update" and address.path)


Complete = Callable[[list[str], str, Context], Iterable[str]]
"""What may stand next, from the words before it and what is typed of it."""


def candidates(line: str, context: Context) -> list[str]:
    """Whole lines that a line may become, the likeliest first: its last word is completed."""
    verb, space, rest = line.lstrip().partition(" ")
    if not space:
        return [name + after(name) for name in COMMANDS if name.startswith(verb) and name + after(name) != verb]
    name = next((name for name, command in COMMANDS.items() if verb == name or verb in command.aliases), "")
    if name in FILES:
        head, last = "", rest.lstrip()
        found: Iterable[str] = context.files(last)
    else:
        head, _, last = rest.rpartition(" ")
        found = ARGUMENTS[name](head.split(), last, context) if name in ARGUMENTS else ()
    before = f"{verb} {head} " if head else f"{verb} "
    return [before + text for text in unique(found) if text.startswith(last) and text != last]


def after(name: str) -> str:
    """A space, where the command can't do without an argument."""
    takes = COMMANDS[name].takes
    return " " if takes and not takes.startswith("[") else ""


def unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def places(words: list[str], context: Context) -> list[str]:
    """Paths and time steps of the events that the words so far leave."""
    phases = [word for word in words if word in PHASES]
    paths = [word for word in words if word not in PHASES and not word.startswith("t=")]
    left = [a for a in context.addresses if not phases or a.phase == phases[-1]]
    if not paths:
        return [a.path for a in left if a.path]
    timed = any(word.startswith("t=") for word in words)
    return [f"t={a.t}" for a in left if a.path == paths[-1] and a.t is not None and not timed]


def addresses(words: list[str], last: str, context: Context) -> list[str]:
    if not words:
        return [str(context.iteration)]
    return [*PHASES] if len(words) == 1 else places(words[1:], context)


def expressions(words: list[str], last: str, context: Context) -> list[str]:
    """Tensors of this event and numbers of the run; after a dot, what a tensor has."""
    return [*context.names, "loss", "iteration", "t", *dotted(last, context.names, STATISTICS)]


def dotted(last: str, names: Iterable[str], parts: Iterable[str]) -> list[str]:
    return [f"{name}.{part}" for name in names if last.startswith(f"{name}.") for part in parts]


def stops(words: list[str], last: str, context: Context) -> list[str]:
    if "if" in words:
        return [*expressions(words, last, context), "and", "or", "not"]
    if words[:1] == ["on"]:
        return [*THINGS] if len(words) == 1 else []
    first = [*PHASES, "on"] if not words else []
    return [*first, *places(words, context), *(["if"] if words else [])]


def watches(words: list[str], last: str, context: Context) -> list[str]:
    known = context.parameters
    return ["loss", "loss.increase", "iteration", *known, *dotted(last, known, [*NORMS, *STATISTICS])]


def edits(words: list[str], last: str, context: Context) -> list[str]:
    fresh = not words or words[-1].endswith(";")
    return [*context.parameters, "lr", *context.inputs] if fresh else ["as"] if len(words) > 2 else []


def changes(words: list[str], last: str, context: Context) -> list[str]:
    return context.parameters if not words else ["by"] if len(words) == 1 else []


def first(known: Callable[[Context], Sequence[str]]) -> Complete:
    """For a command of one name, or whose first word is one."""
    return lambda words, last, context: known(context) if not words else ()


FILES = ("save", "log", "export")
"""Commands that take a path, which may have spaces in it."""

ARGUMENTS: dict[str, Complete] = {
    "goto": addresses,
    "break": stops,
    "watch": watches,
    "print": expressions,
    "whence": first(lambda context: context.names),
    "set": edits,
    "changed": changes,
    "changed-next": changes,
    "branch": first(lambda context: context.branches),
    "compare": first(lambda context: context.branches),
    "diff": first(lambda context: ["trunk", *context.branches]),
    "delete-branch": first(lambda context: context.branches),
    "view": first(lambda context: context.views),
    "format": first(lambda context: context.formats),
    "info": first(lambda _: ["breakpoints"]),
}
