"""The command line behind the colon: gdb's verbs, and how many times."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from mtorch.debug.spans import ranges
from mtorch.errors import MtorchError

MOST = 1_000_000
"""How many times a move is repeated at most."""


class Command(NamedTuple):
    """`action` is the app's action; a command that `takes` something hands it on, something in [ ] may be left out.

    A `move` takes how many times.
    """

    action: str
    summary: str
    takes: str = ""
    aliases: tuple[str, ...] = ()
    move: str = ""


COMMANDS = {
    "goto": Command("goto", "goto ADDRESS: go to an event, such as goto 0 backward rnn t=3", "ADDRESS", ("g",)),
    "step": Command("move('into')", "the next event, inside this one if there is one", "[N]", ("s",), "into"),
    "next": Command("move('over')", "the next event that is not inside this one", "[N]", ("n",), "over"),
    "finish": Command("move('finish')", "out of what this event is inside of", "[N]", ("f", "fin"), "finish"),
    "continue": Command("continue", "run to the next breakpoint; without any enabled, finding", "", ("c",)),
    "reverse-step": Command("move('back-into')", "the event before", "[N]", ("rs",), "back-into"),
    "reverse-next": Command("move('back-over')", "the event before on this level", "[N]", ("rn",), "back-over"),
    "reverse-finish": Command(
        "move('back-finish')", "back to what this event is inside of", "[N]", ("rf",), "back-finish"
    ),
    "reverse-continue": Command("reverse_continue", "back to the breakpoint or finding before", "", ("rc",)),
    "break": Command(
        "break",
        "break [PHASE] [PATH] [t=T] [if CONDITION], or break on nan, break on finding: stop there, such as "
        "break backward if grad_input.norm < 1e-7",
        "PLACE",
        ("b",),
    ),
    "watch": Command(
        "watch",
        "watch CONDITION: stop where it comes true, such as watch loss.increase, watch rnn.linear.weight[3,7] > 1, "
        "watch linear.weight.grad_norm > 3; of a number without a comparison, where it changes",
        "CONDITION",
        ("w",),
    ),
    "breakpoints": Command("breakpoints", "all breakpoints and watches; also info b"),
    "info": Command("info", "info breakpoints: all breakpoints and watches", "breakpoints", ("i",)),
    "delete": Command("delete", "delete 2 4-6: forget breakpoints; all, without a number", "[N]", ("d",)),
    "disable": Command("disable", "disable 2 4-6: leave breakpoints out, or all, till enable", "[N]"),
    "enable": Command("enable", "enable 2 4-6: heed breakpoints again, or all", "[N]"),
    "print": Command("print", "print grad_input[3,7], print loss / 2: what that is at this event", "WHAT", ("p",)),
    "whence": Command(
        "whence", "whence TENSOR[CELL]: the terms a number is made of, such as whence grad_input[3,7]", "CELL", ("x",)
    ),
    "set": Command(
        "set", "set NAME[i,j] = NUMBER [; …] [as NAME]: go on from this iteration, as a branch", "NAME = NUMBER"
    ),
    "branches": Command("branches", "all branches"),
    "branch": Command("branch", "branch NAME: look at a branch; branch trunk goes back", "NAME"),
    "compare": Command("compare", "compare NAME [N]: where a branch first differs, and how far it parts", "NAME [N]"),
    "diff": Command(
        "diff",
        "diff NAME [tol=1e-6]: another run beside this one: a branch, a scenario, a .py file, a recording; D leaves it",
        "NAME",
    ),
    "delete-branch": Command("delete_branch", "delete-branch NAME: forget a branch", "NAME"),
    "changed": Command("changed", "back to what changed the parameter shown, or PATH[i,j]", "[PATH[i,j]] [by X]"),
    "changed-next": Command(
        "changed_next", "on to what changes the parameter shown next, or PATH[i,j]", "[PATH[i,j]] [by X]"
    ),
    "born": Command("born", "back to where the first number that is not finite was born"),
    "save": Command(
        "save", "save FILE.mtr: write the run so far down, as a recording; save alone, there again", "[FILE]"
    ),
    "export": Command(
        "export",
        "export FILE: what shows, as FILE.svg, .csv (this table), .npz (all tensors) or .html (a report)",
        "FILE",
    ),
    "log": Command("log", "log FILE: write down what was typed, for --commands to do it again", "FILE"),
    "cell": Command("cell", "cell 3,7: go to a cell of the tensor that shows", "INDEX"),
    "format": Command("form", "format NAME: how numbers are written: auto, fixed, exponent, exact, hex", "[NAME]"),
    "view": Command(
        "view", "view NAME: what shows beside the tensors, such as view network; view tensors, nothing", "NAME"
    ),
    "search": Command(
        "search",
        "search TEXT: to the next event with that text, or regular expression, in place, tensors or findings",
        "TEXT",
        ("/",),
    ),
    "play": Command("play", "step on by itself, or stop that"),
    "note": Command("note", "note TEXT: note something at this event; it is saved with the run", "TEXT"),
    "notes": Command("notes", "all notes; enter goes to one"),
    "delete-note": Command("delete_note", "delete-note N: forget a note, or several: 2 4-6", "N"),
    "tour": Command("tour", "the six steps of the first start"),
    "help": Command("help", "all keys and commands", "", ("h",)),
    "quit": Command("quit", "leave", "", ("q",)),
}


def parse(line: str) -> tuple[Command, str]:
    """The command in a line and what follows it. Raises MtorchError for what is none."""
    verb, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    for name, command in COMMANDS.items():
        if verb == name or verb in command.aliases:
            if command.move:
                if rest and not (re.fullmatch("[0-9]{1,9}", rest) and 1 <= int(rest) <= MOST):
                    raise MtorchError(f"{name} expects a number of times, 1…{MOST}, or nothing, got {rest!r}")
            elif bool(rest) != bool(command.takes) and not command.takes.startswith("["):
                raise MtorchError(f"{name} expects {command.takes or 'nothing after it'}, got {rest!r}")
            return command, rest
    near = difflib.get_close_matches(verb, COMMANDS, 1)
    raise MtorchError(f"no command {verb[:20]!r}; " + (f"did you mean {near[0]}? " if near else "") + "help lists them")


def chosen(verb: str, words: str, known: Sequence[int], kind: str = "breakpoint") -> list[int]:
    """Which of the known numbers words such as "2 4-6" mean; all, where there are none.

    Raises MtorchError for what isn't a number, and where there is nothing of that number, or in that range.
    """
    found = set() if words else set(known)
    for part in words.replace(",", " ").split():
        if not (match := re.fullmatch("([0-9]{1,9})(?:-([0-9]{1,9}))?", part)):
            raise MtorchError(f"{verb} expects a {kind}'s number, or several such as 2 4-6, got {part[:40]!r}")
        low, high = int(match[1]), int(match[2] or match[1])
        own = {number for number in known if low <= number <= high}
        if not own:
            there = f"{'is only' if len(known) == 1 else 'are'} {ranges(known)}" if known else "is none"
            raise MtorchError(f"no {kind} {part}; there {there}")
        found |= own
    return sorted(found)
