"""Config: what the user wants otherwise, from config.toml: other keys, a theme, how numbers are written, no tour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.constants import DEFAULT_THEME
from textual.keys import KEY_ALIASES, KEY_NAME_REPLACEMENTS, Keys, _character_to_key
from textual.theme import BUILTIN_THEMES

from tui.folders import home
from tui.keymap import KEYS
from tui.plain import plain

TAKEN = {
    **dict.fromkeys(("enter", "up", "down"), "what has the focus"),
    "tab": "the next panel",
    "shift+tab": "the panel before",
    "ctrl+c": "stop",
    "ctrl+q": "quit",
    "ctrl+p": "the command palette",
}
"""Keys that are not to be had, and what they are for."""

RENAMED = {"minus": "hyphen-minus", **{name: old for old, name in KEY_NAME_REPLACEMENTS.items() if name != "minus"}}
"""Characters that Textual calls otherwise than Unicode does."""

SAME = {alias: key for key, aliases in KEY_ALIASES.items() for alias in aliases}
"""What terminals send for another key."""

MODIFIERS = ("ctrl", "shift", "alt", "super", "meta", "hyper")


class ConfigError(Exception):
    """The file can't be used. It is no MtorchError: the frame is drawn by what the file says, before numpy is there."""


@dataclass(frozen=True)
class Config:
    """`keys` are by a binding's id, separated by commas, by Textual's names."""

    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str = ""
    format: str = "auto"
    tour: bool = True


def path() -> Path:
    return home("config") / "config.toml"


def read(file: Path | None = None) -> Config:
    """What the file says; the defaults, where there is none. Raises ConfigError, in one line that names the
    culprit, also where that is the environment's theme."""
    if DEFAULT_THEME not in BUILTIN_THEMES:
        raise ConfigError(f"TEXTUAL_THEME: {unknown('theme', DEFAULT_THEME, BUILTIN_THEMES)}")
    file = file or path()
    try:
        text = file.read_text(encoding="utf-8")
        import tomllib  # for those who have a file: it takes its time

        found = tomllib.loads(text)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: {error}") from None
    try:
        return of(found)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def of(found: Mapping[str, Any]) -> Config:
    """A config from what TOML has. Raises ConfigError."""
    kinds = {"keys": dict, "theme": str, "format": str, "tour": bool}
    words = {dict: "a table", str: "a text", bool: "true or false"}
    for name, value in found.items():
        if name not in kinds:
            raise ConfigError(unknown("setting", name, kinds))
        if not isinstance(value, kinds[name]):
            raise ConfigError(f"{name}: expected {words[kinds[name]]}, got {value!r:.40}")
    if "theme" in found and found["theme"] not in BUILTIN_THEMES:
        raise ConfigError(unknown("theme", found["theme"], BUILTIN_THEMES))
    if "format" in found:
        from tui.viewmodels.numbers import FORMS  # with numpy, which the frame doesn't wait for

        if found["format"] not in FORMS:
            raise ConfigError(unknown("format", found["format"], FORMS))
    ids = [binding.id or "" for binding in KEYS]
    keys = {}
    for name, value in found.get("keys", {}).items():
        if name not in ids:
            raise ConfigError(f"[keys]: {unknown('action', name, ids)}")
        if not isinstance(value, str):
            raise ConfigError(f'[keys] {name}: expected keys such as "s,f11", got {value!r:.40}')
        keys[name] = ",".join(key_named(name, key.strip()) for key in value.split(","))
    once_each(keys)
    return Config(keys, *(found.get(name, getattr(Config, name)) for name in ("theme", "format", "tour")))


def key_named(action: str, key: str) -> str:
    """A key by Textual's name: } is right_curly_bracket. Raises ConfigError for what is none."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    known = {k.value for k in Keys} | {_character_to_key(chr(code)) for code in range(33, 127)}
    if len(last) == 1 or last not in known:
        try:
            character = last if len(last) == 1 else unicodedata.lookup(RENAMED.get(last, last).replace("_", " "))
        except KeyError:
            raise ConfigError(f"[keys] {action}: {unknown('key', key, sorted(known | set(RENAMED)))}") from None
        if modifiers == ["shift"] and character.upper() != character.lower():
            modifiers, character = [], character.upper()  # as a terminal sends it
        last = _character_to_key(character.lower() if modifiers else character)
    if not last.isprintable() or any(modifier not in MODIFIERS for modifier in modifiers):
        raise ConfigError(f"[keys] {action}: expected a key such as s, f5 or ctrl+s, got {key[:40]!r}")
    return SAME.get(found := "+".join([*modifiers, last]), found)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    from mtorch import errors  # with numpy

    return errors.unknown(kind, name, known)


def once_each(keys: Mapping[str, str]) -> None:
    """Raises ConfigError that names both, where one key is given to two actions."""
    owners = dict(TAKEN)
    for binding in KEYS:
        for key in keys.get(binding.id or "", binding.key).split(","):
            if key in owners:
                raise ConfigError(f"[keys]: {key} is given to {owners[key]} and to {binding.id}")
            owners[key] = binding.id or ""


def as_toml(config: Config, file: Path) -> str:
    """The file's path and all that can be set, as it is now, as a file that can be edited."""
    theme = f'theme = "{config.theme}"' if config.theme else '# theme = "nord"'
    lines = [
        f"# {plain(file)}",
        theme,
        f'format = "{config.format}"',
        f"tour = {str(config.tour).lower()}",
        "",
        "[keys]",
    ]
    for binding in KEYS:
        setting = f'{binding.id} = "{config.keys.get(binding.id or "", binding.key)}"'
        lines.append(f"{setting:<44} # {binding.tooltip}")
    return "\n".join(lines)
