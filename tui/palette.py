"""Palette: every key and every command, to be found by its name (ctrl+p); then Textual's own, such as themes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.commands import COMMANDS
from tui.keymap import KEYS, keys_now

LAST = 1e-6
"""What a score of Textual's own commands is multiplied by: they come behind ours."""


class Everything(Provider):
    """Of the debugger's app."""

    def known(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """A name, a summary, and what choosing it does."""
        app: Any = self.app
        for binding in KEYS:
            name, summary = binding.id or "", binding.tooltip
            if name.startswith("panel-"):
                panel, _, summary = summary.partition(": ")
                name = f"panel: {panel}"
            chosen = partial(app.run_action, binding.action)
            yield f"{name} ({keys_now(binding, app.config.keys)})", summary, chosen
        for name, command in COMMANDS.items():
            yield f":{name}", command.summary, partial(app.choose, name)

    async def discover(self) -> Hits:
        for name, summary, chosen in self.known():
            yield DiscoveryHit(Content(name), chosen, name, help=escaped(summary))
        for name, summary, chosen, shown in self.textuals():
            if shown:
                yield DiscoveryHit(name, chosen, help=summary)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, summary, chosen in self.known():
            score = max(matcher.match(name), 0.5 * matcher.match(summary))
            if score > 0:
                yield Hit(score, matcher.highlight(name), chosen, help=escaped(summary))
        for name, summary, chosen, _ in self.textuals():
            if (score := matcher.match(name)) > 0:
                yield Hit(LAST * score, matcher.highlight(name), chosen, help=summary)

    def textuals(self) -> Iterable[SystemCommand]:
        return self.app.get_system_commands(self.screen)


def escaped(summary: str) -> str:
    """What Textual reads as markup, with brackets that are brackets."""
    return summary.replace("[", "\\[")
