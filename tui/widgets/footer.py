"""Footer: the keys of what has the focus, each with a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget


class Shown(NamedTuple):
    """A key that the line shows, and from which cell to before which."""

    start: int
    end: int
    key: str
    display: str
    word: str
    enabled: bool
    tooltip: str


class Footer(Widget, can_focus=False):
    """One widget. Textual's own has one a key, and makes them all anew whenever something else has the focus, which
    takes longer than all else that happens then.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"footer--key", "footer--word", "footer--under-mouse"}
    DEFAULT_CSS = """
    Footer { dock: bottom; height: 1; color: $footer-foreground; background: $footer-background; }
    Footer:hover { pointer: pointer; }
    .footer--key { color: $footer-key-foreground; background: $footer-key-background; text-style: bold; }
    .footer--word { color: $footer-description-foreground; background: $footer-description-background; }
    .footer--under-mouse { background: $block-hover-background; }
    """

    under_mouse: reactive[str] = reactive("")
    """The key that the mouse is over."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.bindings_changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def bindings_changed(self, screen: Screen[None]) -> None:
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self.refresh()

    def keys(self) -> Iterator[Shown]:
        """Of several keys that do the same, the first."""
        seen, start = set[str](), 0
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if not binding.show or binding.action in seen:
                continue
            seen.add(binding.action)
            display = self.app.get_key_display(binding)
            end = start + cell_len(f"{display} {binding.description}")
            yield Shown(start, end, binding.key, display, binding.description, enabled, tooltip)
            start = end + 1

    def at(self, x: int) -> Shown | None:
        return next((shown for shown in self.keys() if shown.start <= x < shown.end), None)

    def render(self) -> Text:
        key, word, over = (self.get_component_rich_style(f"footer--{part}") for part in ("key", "word", "under-mouse"))
        line = Text(no_wrap=True, overflow="crop")
        for shown in self.keys():
            under = shown.key == self.under_mouse
            look = Style(bgcolor=over.bgcolor if under else None, dim=None if shown.enabled else True)
            line.append(shown.display, key + look)
            line.append(f" {shown.word}", (word if not under else word + key.without_color) + look)
            line.append(" ")
        return line

    def on_mouse_move(self, event: events.MouseMove) -> None:
        shown = self.at(event.x)
        self.under_mouse, self.tooltip = (shown.key, shown.tooltip or None) if shown else ("", None)

    def on_leave(self) -> None:
        self.under_mouse = ""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if (shown := self.at(event.x)) is None:
            return
        if shown.enabled:
            self.app.simulate_key(shown.key)
        else:
            self.app.bell()
