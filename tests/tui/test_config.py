"""The user's own keys and settings: what the file may say, and what the screen then does."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from textual.command import CommandPalette
from textual.widgets import Input

from tui import cli
from tui.config import Config, ConfigError, as_toml, key_named, of, once_each, read
from tui.keymap import GROUPS, KEYS, grouped
from tui.palette import Everything
from tui.screens.help import HelpScreen
from tui.widgets.tensor_table import TensorTable

Debug = Callable[..., Any]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = ", "Invalid value"),
        ('them = "nord"', "no setting is called 'them'; did you mean 'theme'?"),
        ('theme = "nrod"', "no theme is called 'nrod'; did you mean 'nord'?"),
        ('format = "fixd"', "no format is called 'fixd'; did you mean 'fixed'?"),
        ("tour = 1", "tour: expected true or false, got 1"),
        ("keys = 1", "keys: expected a table, got 1"),
        ('[keys]\nstepp = "z"', "[keys]: no action is called 'stepp'; did you mean 'step'?"),
        ("[keys]\nstep = 1", '[keys] step: expected keys such as "s,f11", got 1'),
        ('[keys]\nstep = "n"', "[keys]: n is given to step and to next"),
        ('[keys]\nwrong = "z"\nbreak = "}, z"', "[keys]: right_curly_bracket is given to break and to next-iteration"),
        ('[keys]\nquit = "enter"', "[keys]: enter is given to what has the focus and to quit"),
        ('[keys]\nquit = "ctrl+ö+x+"', "[keys] quit: "),
        ('[keys]\nquit = "f77"', "[keys] quit: no key is called 'f77'; did you mean "),
        ('[keys]\nquit = ""', "[keys] quit: "),
        ('[keys]\nquit = "\\u001b"', "[keys] quit: expected a key such as s, f5 or ctrl+s, got '\\x1b'"),
        ('[keys]\nquit = "ctrl+i"', "[keys]: tab is given to the next panel and to quit"),
        ('[keys]\nquit = "shift+s"', "[keys]: S is given to reverse-step and to quit"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        read(file)
    assert str(error.value).startswith(f"{file}: ")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'theme = "\xff"')
    for file in (tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(ConfigError, match=str(file)):
            read(file)
    assert read(tmp_path / "nothing.toml") == Config()


def test_a_theme_of_the_environment_that_there_is_none_of_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.config.DEFAULT_THEME", "nrod")
    with pytest.raises(ConfigError, match=r"^TEXTUAL_THEME: no theme is called 'nrod'"):
        read()


def test_keys_have_their_names_and_no_default_is_given_twice() -> None:
    once_each({})
    for binding in KEYS:
        assert all(key_named("", key) == key for key in binding.key.split(","))
    assert [
        key_named("", key) for key in ("}", "Z", "ctrl+s", "f5", "-", "ä", "hyphen-minus", "shift+z", "ctrl+Z")
    ] == [*("right_curly_bracket", "Z", "ctrl+s", "f5", "minus", "ä", "minus", "Z", "ctrl+z")]
    assert sorted(b.id or "" for _, b in grouped()) == sorted(b.id or "" for b in KEYS)
    assert {name for names in GROUPS.values() for name in names} <= {b.id for b in KEYS}


def test_what_is_printed_is_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = of(tomllib.loads('theme = "nord"\ntour = false\n[keys]\nstep = "z, f11"\nnext = "s"'))
    printed = as_toml(mine, tmp_path)
    again = of(tomllib.loads(printed))
    assert (again.theme, again.tour, again.keys["step"], again.keys["next"]) == ("nord", False, "z,f11", "s")
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path))
    result = CliRunner().invoke(cli.main, ["config"], prog_name="mtorch")
    assert result.stdout.startswith(f"# {tmp_path}/config.toml\n")
    (tmp_path / "config.toml").write_text("[keys]\nstpe = 1")
    result = CliRunner().invoke(cli.main, ["config"], prog_name="mtorch")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


async def test_keys_help_and_palette_are_the_user_s(debug: Debug) -> None:
    mine = of(
        {
            "keys": {"step": "z", "next": "s,n", "next-iteration": "ä", "continue": "r,f5", "stop": "f2"},
            "theme": "nord",
            "format": "exact",
        }
    )
    async with debug("rnn-sin-cos", (100, 40), config=mine) as driver:
        app = driver.app
        assert app.theme == "nord" and driver.status.startswith("r runs to the first finding")
        assert {table.look.form for table in app.query(TensorTable)} == {"exact"}
        assert app.till_stopped("checking") == "checking … f2 stops"
        await driver.press("z")
        assert driver.place == "0 forward rnn"
        await driver.press("f11")
        assert driver.place == "0 forward rnn"
        await driver.press("s")
        assert driver.place == "0 forward linear"
        footer = f" {driver.text.splitlines()[-1]} "
        assert " z step " in footer and " s next " in footer and " ä iter " in footer

        await driver.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        listed = app.screen.listed("").plain
        for binding in KEYS:
            assert binding.tooltip in listed
        assert "s n  next: over what" in listed and " ä  the same event" in listed
        await driver.press(*"layer")
        assert "finish: out of the layer we are in" in driver.text
        assert "step: the next event" not in driver.text
        await driver.press(*"xyz")
        assert "nothing of that" in driver.text
        await driver.press("question_mark", "z")
        assert driver.place == "0 loss"

        known = {name: (summary, chosen) for name, summary, chosen in Everything(app.screen).known()}
        assert known["next (s n)"][0] == "next: over what is inside this event"
        await known["reverse-step (S)"][1]()
        await driver.settle()
        assert driver.place == "0 forward linear"
        await known[":step"][1]()
        await driver.settle()
        assert driver.place == "0 loss"
        assert known["panel: histogram (6)"][0] == "how this tensor's numbers are spread"
        found = [hit.text async for hit in Everything(app.screen).discover()]
        assert found[0] == "step (z)" and found.index("Theme") > found.index(":quit"), "ours come first"
        hits = sorted([hit async for hit in Everything(app.screen).search("e")], key=lambda hit: -hit.score)
        own = [hit.text[0].islower() or hit.text[0] == ":" for hit in hits]
        assert own == sorted(own, reverse=True) and not own[-1]
        await driver.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        await driver.press(*":break")
        assert "break [PHASE] [PATH]" in driver.text
        await driver.press(*["backspace"] * 5, *"goto", "enter", "enter")
        assert app.query_one("#command", Input).value == "goto "
