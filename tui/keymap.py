"""Keymap: every key, what it does, and what the help says of it. By its id it can be given other keys."""

from __future__ import annotations

from textual.binding import Binding

from tui.viewmodels.views import VIEWS

PANELS = {
    "1": "events: the tree of this iteration",
    "2": "tensors: the tables of this event",
    **{digit: f"{view.name}: {view.summary}" for digit, view in VIEWS.items()},
    "0": "findings of this iteration",
}
"""What each digit shows."""

KEYS = [
    Binding("s,f11", "move('into')", "step", id="step", tooltip="step: the next event, inside this one if it has any"),
    Binding("S", "move('back-into')", "back", id="reverse-step", tooltip="step back: the event before"),
    Binding("n,f10", "move('over')", "next", id="next", tooltip="next: over what is inside this event"),
    Binding("N", "move('back-over')", show=False, id="reverse-next", tooltip="back over what is inside"),
    Binding("f", "move('finish')", "finish", id="finish", tooltip="finish: out of the layer we are in, forwards"),
    Binding("F", "move('back-finish')", show=False, id="reverse-finish", tooltip="out of it, backwards"),
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
    Binding("w", "command('watch ')", show=False, id="watch", tooltip="watch: stop where a condition comes true"),
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
    Binding("h", "scroll_table(-1, 0)", show=False, id="left", tooltip="scroll the table left"),
    Binding("j", "scroll_table(0, 1)", show=False, id="down", tooltip="scroll the table down"),
    Binding("k", "scroll_table(0, -1)", show=False, id="up", tooltip="scroll the table up"),
    Binding("l", "scroll_table(1, 0)", show=False, id="right", tooltip="scroll the table right"),
    # With priority, so that what is typed right after it, or pasted with it, finds the command line open.
    Binding("colon", "command", "goto", key_display=":", id="command", priority=True, tooltip="a command line"),
    Binding("escape", "stop", show=False, key_display="esc", id="stop", tooltip="stop a run; close the command line"),
    Binding("question_mark", "help", "help", key_display="?", id="help", tooltip="this help"),
    Binding("q", "quit", "quit", id="quit", tooltip="leave"),
    Binding("u", "level(-1)", show=False, id="up-level", tooltip="up: to what this event is inside of"),
    Binding("d", "level(1)", show=False, id="down-level", tooltip="down: to the first event inside this one"),
    Binding("plus", "zoom(1)", show=False, key_display="+", id="zoom-in", tooltip="more of the screen for this panel"),
    Binding("underscore", "zoom(-1)", show=False, key_display="_", id="zoom-out", tooltip="less of it"),
    *(
        Binding(digit, f"digit('{digit}')", show=False, id=f"panel-{digit}", tooltip=PANELS.get(digit, "a count"))
        for digit in "1234567890"
    ),
]
