"""Files of commands: carried out on the screen, or without one as a transcript; and written from what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mtorch.errors import MtorchError
from tests.tui.goldens import same
from tui import cli, debugging
from tui.command_file import HEADER, CommandFile, Line, entry, parsed, write

Debug = Callable[..., Any]

LESSON = """
# Where the seed's gradients go wrong.
goto 0 backward linear

continue
: print iteration + 1
break forward rnn t=3 if iteration == 1
c
breakpoints
view network
search tanh
note here it was
notes
set lr = 0.5 as fast
compare trunk 2
goto 0 forward
branches
"""


def test_comments_and_blank_lines_are_no_commands() -> None:
    assert parsed("# one\n\n  step 3 \n:goto 0 loss\r\n:\n") == [Line(3, "step 3"), Line(4, "goto 0 loss")]


def test_an_entry_says_what_came_of_a_command() -> None:
    assert entry("step", "0 loss", "", ["✓ right"], []) == ": step\n0 loss\n  ✓ right\n"
    assert entry("notes", "0 loss", "said", [], ["Notes", ""]) == ": notes\n0 loss\nsaid\n  | Notes\n  |\n"


def test_only_files_of_ours_are_written_over(tmp_path: Path) -> None:
    path = tmp_path / "typed"
    for lines in (["step"], ["step 2", "next"]):
        write(path, "xor", lines)
    assert path.read_text() == f"{HEADER} for xor\nstep 2\nnext\n"
    assert [line.text for line in CommandFile(path).lines] == ["step 2", "next"]
    (tmp_path / "other").write_text("precious")
    for bad in (tmp_path / "other", tmp_path, tmp_path / "no" / "folder"):
        with pytest.raises(MtorchError, match=f"^{bad}: "):
            write(bad, "xor", [])


def mtorch(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], prog_name="mtorch")


def test_a_lesson_gives_its_transcript(tmp_path: Path) -> None:
    path = tmp_path / "lesson"
    path.write_text(LESSON)
    result = mtorch("debug", "rnn-sin-cos-seed", "--commands", path)
    assert (result.exit_code, result.stderr) == (0, "")
    # What single precision ends with is another digit on another machine.
    same("lesson", re.sub(r"\d\.\d{5,}", lambda number: "~" * len(number[0]), result.stdout))


def test_what_fails_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lesson"
    for line, said in (
        ("play", "play steps on by itself on a screen, until a key; continue runs to where it would stop"),
        ("export a\0b.svg", "a\ufffdb.svg: cannot be written: embedded null byte"),
    ):
        path.write_text(line)
        result = mtorch("debug", "xor", "--commands", path, "--headless")
        assert (result.exit_code, result.stderr) == (2, f"mtorch: {path}:1: {said}\n")
    path.write_text("\ufeff# no\nstep\ngoto 0 backward nowhere\nstep\n")
    result = mtorch("debug", "xor", "--commands", path, "--headless")
    assert result.exit_code == 2
    assert result.stdout.startswith(": step\n0 forward linear1\n")
    assert result.stdout.count(": ") == result.stdout.count(": step") + 1  # of the word forward
    assert result.stderr.startswith(f"mtorch: {path}:3: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["debug", "xor", "--headless"], "--headless goes with --commands"),
        (["debug", "xor", "--commands", "nowhere"], "nowhere: No such file"),
        (["debug", "xor", "--commands", "/"], "/: Is a directory"),
        (["replay", "x.mtr", "--verify", "--commands", "x"], "--verify opens no debugger"),
        (["run", "--check", "--commands", "x", "y.py"], "--check opens no debugger"),
    ],
)
def test_what_cannot_be_is_one_line(words: list[str], said: str) -> None:
    result = mtorch(*words)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr


async def test_on_a_terminal_the_screen_stays_and_what_is_typed_can_be_kept(debug: Debug, tmp_path: Path) -> None:
    (tmp_path / "lesson").write_text("goto 1 loss\nbreakpoints\nnotes\nwhence value\nstep\n")
    script = CommandFile(tmp_path / "lesson")
    async with debug("xor", script=script) as driver:
        while script.failure == "":
            await driver.settle()
        assert script.failure.startswith(f"{tmp_path}/lesson:4: ")
        assert driver.status == script.failure and driver.place == "1 loss"

        await driver.press("colon", *"step", "enter")
        # What came to nothing, at once or after a run, is not to be done again.
        for words in ("step 2", "nothing", "goto 0 backward nowhere", "goto 90 backward nowhere", "goto 5"):
            await driver.command(words)
        await driver.command("rs")
        await driver.press("s", "s")
        await driver.command("print iteration")
        await driver.command("help")
        await driver.command(f"log {tmp_path / 'typed'}")
    typed = (tmp_path / "typed").read_text().splitlines()
    assert typed == [
        f"{HEADER} for target",
        "goto 1 loss",
        "step",
        "step 2",
        "goto 5",
        "rs",
        "goto 5 forward linear1",
        "print iteration",
    ]


def test_headless_without_commands_is_refused_on_a_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugging, "on_terminal", lambda: True)
    result = CliRunner().invoke(cli.main, ["debug", "xor", "--headless"])
    assert result.exit_code == 2 and "--headless goes with --commands" in result.stderr
