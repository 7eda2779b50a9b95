"""Keymap: every key, what it does, and what the help says of it. By its id it can be given other keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.keys import format_key

from tui.viewmodels.panels import PANELS

KEYS = [
    Binding("s,f11", "move('into')", "step", id="step", tooltip="step: the next event, inside this one if it has any"),
    Binding("S", "move('back-into')", "back", id="reverse-step", tooltip="step back: the event before"),
    Binding("n,f10", "move('over')", "next", id="next", tooltip="next: over what is inside this event"),
    Binding(
        "N",
        "move('back-over')",
        show=False,
        id="reverse-next",
        tooltip="back: to the event before, over what is inside it",
    ),
    Binding("f", "move('finish')", "finish", id="finish", tooltip="finish: out of the layer we are in, forwards"),
    Binding(
        "F",
        "move('back-finish')",
        show=False,
        id="reverse-finish",
        tooltip="back out of the layer we are in, to where it begins",
    ),
    Binding(
        "c,f5",
        "continue",
        "run",
        id="continue",
        tooltip="continue: run to the next breakpoint; without any, finding",
    ),
    Binding(
        "C",
        "reverse_continue",
        show=False,
        id="reverse-continue",
        tooltip="back to the breakpoint or finding before",
    ),
    Binding("b", "break_here", show=False, id="break", tooltip="break: a breakpoint here; enter sets it"),
    Binding("x", "whence_here", show=False, id="whence", tooltip="where a number comes from: its terms"),
    Binding(
        "w",
        "watch_here",
        show=False,
        id="watch",
        tooltip="watch: stop where a parameter's cell changes, or a condition",
    ),
    Binding("e", "set_here", show=False, id="set", tooltip="what if: set the chosen cell, and go on as a branch"),
    Binding(
        "greater_than_sign",
        "cell_change(1)",
        show=False,
        key_display=">",
        id="next-change",
        tooltip="on to where the chosen cell changes: a parameter at its update",
    ),
    Binding(
        "less_than_sign",
        "cell_change(-1)",
        show=False,
        key_display="<",
        id="previous-change",
        tooltip="back to where the chosen cell changed",
    ),
    Binding(
        "right_curly_bracket",
        "iteration(1)",
        "iter",
        key_display="}",
        id="next-iteration",
        tooltip="the same event of the next iteration",
    ),
    Binding(
        "left_curly_bracket",
        "iteration(-1)",
        show=False,
        key_display="{",
        id="previous-iteration",
        tooltip="the same event of the iteration before",
    ),
    Binding(
        "right_square_bracket",
        "tensor(1)",
        "tensor",
        key_display="]",
        id="next-tensor",
        tooltip="the event's next tensor",
    ),
    Binding(
        "left_square_bracket",
        "tensor(-1)",
        show=False,
        key_display="[",
        id="previous-tensor",
        tooltip="the event's tensor before",
    ),
    Binding("h", "move_cell(-1, 0)", show=False, id="left", tooltip="the cell to the left"),
    Binding("j", "move_cell(0, 1)", show=False, id="down", tooltip="the cell below"),
    Binding("k", "move_cell(0, -1)", show=False, id="up", tooltip="the cell above"),
    Binding("l", "move_cell(1, 0)", show=False, id="right", tooltip="the cell to the right"),
    Binding(
        "slash", "command('', 'search')", show=False, key_display="/", id="search", tooltip="search: events by a text"
    ),
    Binding(
        "full_stop", "match(1)", show=False, key_display=".", id="next-match", tooltip="the next match of the search"
    ),
    Binding(
        "comma", "match(-1)", show=False, key_display=",", id="previous-match", tooltip="the match of the search before"
    ),
    Binding("space", "play", show=False, id="play", tooltip="step on by itself, as often a second as it says; or stop"),
    Binding(
        "minus", "speed(-1)", show=False, key_display="-", id="slower", tooltip="slower: fewer steps a second by itself"
    ),
    Binding(
        "equals_sign",
        "speed(1)",
        show=False,
        key_display="=",
        id="faster",
        tooltip="faster: more steps a second by itself",
    ),
    # With priority, so that what is typed right after it, or pasted with it, finds the command line open.
    Binding(
        "colon",
        "command",
        "goto",
        key_display=":",
        id="command",
        priority=True,
        tooltip="a command line: goto, break, watch, set …",
    ),
    Binding("escape", "stop", show=False, key_display="esc", id="stop", tooltip="stop a run; close the command line"),
    Binding(
        "D", "diff_mode", show=False, id="diff", tooltip="another run beside this one; then c runs to where they part"
    ),
    Binding("question_mark", "help", "help", key_display="?", id="help", tooltip="help: all keys and commands"),
    Binding("q", "quit", "quit", id="quit", tooltip="quit: leave the debugger"),
    Binding("u", "level(-1)", show=False, id="up-level", tooltip="up: to what this event is inside of"),
    Binding("d", "level(1)", show=False, id="down-level", tooltip="down: to the first event inside this one"),
    Binding("ctrl+e", "choose_export", show=False, id="export", tooltip="export: what shows, as a file"),
    Binding("plus", "zoom(1)", show=False, key_display="+", id="zoom-in", tooltip="more of the screen for this panel"),
    Binding(
        "underscore",
        "zoom(-1)",
        show=False,
        key_display="_",
        id="zoom-out",
        tooltip="less of the screen for this panel",
    ),
    *(
        Binding(digit, f"digit('{digit}')", show=False, id=f"panel-{digit}", tooltip=panel.words)
        for digit, panel in PANELS.items()
    ),
    Binding(
        "left_parenthesis",
        "slice(-1)",
        show=False,
        key_display="(",
        id="previous-slice",
        tooltip="the slice before of a tensor of more than two axes",
    ),
    Binding(
        "right_parenthesis",
        "slice(1)",
        show=False,
        key_display=")",
        id="next-slice",
        tooltip="the next slice of a tensor of more than two axes",
    ),
    Binding("g", "command('cell ')", show=False, id="cell", tooltip="go to a cell by its index"),
    Binding("m", "seek('largest')", show=False, id="largest", tooltip="the largest number of the table, by magnitude"),
    Binding(
        "M", "seek('smallest')", show=False, id="smallest", tooltip="the smallest number of the table, by magnitude"
    ),
    Binding("W", "seek('wrong')", show=False, id="wrong", tooltip="the next wrong cell"),
    Binding("I", "seek('nonfinite')", show=False, id="nonfinite", tooltip="the next cell that is NaN or infinite"),
    Binding("o", "sort", show=False, id="sort", tooltip="order rows by norm, then columns, both, none"),
    Binding("t", "form", show=False, id="format", tooltip="how numbers are written: auto, fixed, exponent, exact, hex"),
    Binding("y", "copy", show=False, id="copy", tooltip="copy the cell's number"),
    Binding("Y", "copy('slice')", show=False, id="copy-slice", tooltip="copy all numbers of the slice that shows"),
]

GROUPS = {
    "Moving": (
        *("step", "reverse-step", "next", "reverse-next", "finish", "reverse-finish", "up-level", "down-level"),
        *("next-iteration", "previous-iteration", "play", "slower", "faster"),
    ),
    "Stopping and finding": (
        *("continue", "reverse-continue", "break", "watch", "search", "next-match", "previous-match", "stop"),
    ),
    "Numbers": (
        *("next-tensor", "previous-tensor", "left", "down", "up", "right", "previous-slice", "next-slice", "cell"),
        *("largest", "smallest", "wrong", "nonfinite", "whence", "sort", "format", "copy", "copy-slice"),
    ),
    "Panels": (*(f"panel-{digit}" for digit in "1234567890"), "zoom-in", "zoom-out"),
}
"""What the help has together, by ids; the rest comes after."""


def grouped() -> Iterator[tuple[str, Binding]]:
    """Every binding with its group."""
    known, groups = {binding.id or "": binding for binding in KEYS}, dict(GROUPS)
    grouped = {name for names in groups.values() for name in names}
    groups["The screen"] = tuple(name for name in known if name not in grouped)
    for group, names in groups.items():
        yield from ((group, known[name]) for name in names)


def keys_now(binding: Binding, keys: Mapping[str, str]) -> str:
    """Its keys as one reads them, where `keys` has others by ids."""
    return " ".join(format_key(key) for key in keys.get(binding.id or "", binding.key).split(","))
