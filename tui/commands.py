"""The command line behind the colon: gdb's verbs."""

from __future__ import annotations

from typing import NamedTuple

from mtorch.errors import MtorchError


class Command(NamedTuple):
    """`action` is the app's action; a command that `takes` something hands it on."""

    action: str
    summary: str
    takes: str = ""
    aliases: tuple[str, ...] = ()


COMMANDS = {
    "goto": Command("goto", "goto ADDRESS: go to an event, such as goto 0 backward rnn t=3", "ADDRESS", ("g",)),
    "step": Command("move('into')", "the next event, inside this one if there is one", "", ("s",)),
    "next": Command("move('over')", "the next event that is not inside this one", "", ("n",)),
    "finish": Command("move('finish')", "out of what this event is inside of", "", ("f", "fin")),
    "continue": Command("continue", "run to the next finding", "", ("c",)),
    "reverse-step": Command("move('back-into')", "the event before", "", ("rs",)),
    "reverse-next": Command("move('back-over')", "the event before on this level", "", ("rn",)),
    "reverse-finish": Command("move('back-finish')", "back to what this event is inside of", "", ("rf",)),
    "reverse-continue": Command("reverse_continue", "back to the finding before", "", ("rc",)),
    "help": Command("help", "all keys and commands", "", ("h",)),
    "quit": Command("quit", "leave", "", ("q",)),
}


def parse(line: str) -> tuple[Command, str]:
    """The command in a line and what follows it. Raises MtorchError for what is none."""
    verb, _, rest = line.strip().partition(" ")
    for name, command in COMMANDS.items():
        if verb == name or verb in command.aliases:
            if bool(rest.strip()) != bool(command.takes):
                raise MtorchError(f"{name} expects {command.takes or 'nothing after it'}, got {rest.strip()!r}")
            return command, rest.strip()
    raise MtorchError(f"expected one of {', '.join(COMMANDS)}, got {verb!r}")
