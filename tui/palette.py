"""Palette: every key and every command, to be found by its name (ctrl+p)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.commands import COMMANDS
from tui.keymap import KEYS, keys_now


class Everything(Provider):
    """Of the debugger's app."""

    def known(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """A name, a summary, and what choosing it does."""
        app: Any = self.app
        for binding in KEYS:
            name = f"{binding.id} ({keys_now(binding, app.config.keys)})"
            yield name, binding.tooltip, partial(app.run_action, binding.action)
        for name, command in COMMANDS.items():
            yield f":{name}", command.summary, partial(app.choose, name)

    async def discover(self) -> Hits:
        for name, summary, chosen in self.known():
            yield DiscoveryHit(Content(name), chosen, name, help=escaped(summary))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, summary, chosen in self.known():
            score = max(matcher.match(name), 0.5 * matcher.match(summary))
            if score > 0:
                yield Hit(score, matcher.highlight(name), chosen, help=escaped(summary))


def escaped(summary: str) -> str:
    """What Textual reads as markup, with brackets that are brackets."""
    return summary.replace("[", "\\[")
