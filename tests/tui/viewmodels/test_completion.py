from __future__ import annotations

import pytest

from mtorch.debug.events import Address
from tui.commands import COMMANDS
from tui.viewmodels.completion import ARGUMENTS, FILES, Context, candidates

CONTEXT = Context(
    7,
    [
        *map(Address.parse, ("7 forward", "7 forward rnn", "7 forward rnn t=0", "7 forward rnn.tanh t=0")),
        *map(Address.parse, ("7 forward rnn t=1", "7 forward rnn.tanh t=1", "7 loss")),
        *map(Address.parse, ("7 backward linear", "7 update rnn.linear.weight", "7 update linear.weight")),
    ],
    ["grad_output", "grad_input"],
    ["x", "target"],
    ["trunk", "no-bias", "b1"],
    ["tensors", "network"],
    ["auto", "fixed"],
    lambda start: [path for path in ("runs/", "run one.mtr") if path.startswith(start)],
)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("fin", ["finish"]),
        ("got", ["goto "]),
        ("delete-b", ["delete-branch "]),
        ("goto ", ["goto 7"]),
        ("goto 3 b", ["goto 3 backward"]),
        ("g 3 forward r", ["g 3 forward rnn", "g 3 forward rnn.tanh"]),
        ("goto 3 forward rnn.tanh ", ["goto 3 forward rnn.tanh t=0", "goto 3 forward rnn.tanh t=1"]),
        ("goto 3 backward ", ["goto 3 backward linear"]),
        ("goto 3 forward rnn t=0 ", []),
        ("b backward l", ["b backward linear"]),
        ("break o", ["break on"]),
        ("break on ", ["break on nan", "break on finding"]),
        ("break rnn t=1 i", ["break rnn t=1 if"]),
        ("break rnn if grad_i", ["break rnn if grad_input"]),
        ("print grad_input.n", ["print grad_input.norm", "print grad_input.nonfinite"]),
        ("print 2 * gr", ["print 2 * grad_output", "print 2 * grad_input"]),
        ("watch linear.weight.g", ["watch linear.weight.grad_norm"]),
        ("watch l", ["watch loss", "watch loss.increase", "watch linear.weight"]),
        ("whence grad_i", ["whence grad_input"]),
        ("set l", ["set linear.weight", "set lr"]),
        ("set lr = 1; t", ["set lr = 1; target"]),
        ("set lr = 1 a", ["set lr = 1 as"]),
        ("changed rnn.linear.weight ", ["changed rnn.linear.weight by"]),
        ("compare n", ["compare no-bias"]),
        ("compare no-bias ", []),
        ("view n", ["view network"]),
        ("format f", ["format fixed"]),
        ("save run", ["save runs/", "save run one.mtr"]),
        ("save run o", ["save run one.mtr"]),
        ("note the rn", []),
        ("nothing x", []),
        ("finish", []),
    ],
)
def test_a_line_s_last_word_is_completed(line: str, found: list[str]) -> None:
    assert candidates(line, CONTEXT) == found


def test_nothing_is_offered_twice_or_as_it_stands_and_verbs_are_commands() -> None:
    for verb in COMMANDS:
        for line in (verb, f"{verb} ", f"{verb} l", f"{verb} 0 "):
            found = candidates(line, CONTEXT)
            assert len(set(found)) == len(found)
            assert all(text.startswith(line) and text != line for text in found)
    assert set(ARGUMENTS) | set(FILES) <= set(COMMANDS)
