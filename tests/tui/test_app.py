from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.widget import Widget
from textual.widgets import Static

import scenarios
from mtorch import SGD, DataLoader, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.session import Going, Session
from tui.actions import running
from tui.messages import Checked
from tui.picker import Picker, pick
from tui.targets import load
from tui.widgets.event_tree import EventTree
from tui.widgets.findings_list import FindingsList
from tui.widgets.tensor_panel import TensorPanel
from tui.widgets.tensor_table import TensorTable

Debug = Callable[..., Any]
SEED, HEALTHY = "rnn-sin-cos-seed", "rnn-sin-cos"


def stack(*inner: layers.Layer) -> Training:
    module = Module(Sequential(inner))
    rng = np.random.default_rng(0)
    data = DataLoader(rng.standard_normal((8, 3)), rng.standard_normal((8, 3)), 4)
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), data)


async def test_it_opens_at_the_start_and_steps_forward_are_undone_by_steps_back(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        assert "iteration 0 › forward" in driver.text
        assert "gradients right" in driver.text
        places = [driver.place]
        for _ in range(6):
            await driver.press("s")
            places.append(driver.place)
        assert places[:5] == [
            "0 forward",
            "0 forward rnn",
            "0 forward rnn t=0",
            "0 forward rnn.linear t=0",
            "0 forward rnn.tanh t=0",
        ]
        for place in reversed(places[:-1]):
            await driver.press("S")
            assert driver.place == place


async def test_over_finish_and_their_reverses(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        for key, place in [
            ("n", "0 loss"),
            ("n", "0 backward"),
            ("s", "0 backward linear"),
            ("n", "0 backward rnn"),
            ("s", "0 backward rnn t=9"),
            ("n", "0 backward rnn t=8"),
            ("N", "0 backward rnn t=9"),
            ("F", "0 backward rnn"),
            ("s", "0 backward rnn t=9"),
            ("f", "0 update"),
            ("f", "1 forward"),
            ("S", "0 update linear.bias"),
        ]:
            await driver.press(key)
            assert driver.place == place


async def test_iterations_go_by_at_the_same_event(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        await driver.press("n", "right_curly_bracket", "right_curly_bracket")
        assert driver.place == "2 loss"
        await driver.press("left_curly_bracket")
        assert driver.place == "1 loss"
        await driver.press("left_curly_bracket", "left_curly_bracket")
        assert driver.place == "0 loss"
        assert "this is the first iteration" in driver.text


async def test_c_goes_from_finding_to_finding_and_says_in_words_what_is_wrong(debug: Debug) -> None:
    async with debug(SEED) as driver:
        for place, said in [
            ("0 loss", "sigmoid gives values in 0…1"),
            ("0 backward linear", "times 1/32 (1/batch)"),
            ("0 backward rnn", "is another tensor: rnn.tanh's grad_output"),
            ("0 backward rnn.linear t=9", "true gradient times 1/32"),
            ("0 backward rnn.tanh t=8", "is the derivative at the input"),
        ]:
            await driver.press("c")
            assert driver.place == place
            assert said in driver.text
        await driver.press("C")
        assert driver.place == "0 backward rnn.linear t=9"


async def test_the_right_numbers_stand_beside_the_wrong_ones(debug: Debug) -> None:
    async with debug(SEED) as driver:
        await driver.command("goto 0 backward rnn.tanh t=8")
        table = driver.app.query(TensorTable).first().table
        report = driver.app.session.report(0)
        assert table.beside.array is report.known_numerical(driver.app.position.event, "grad_input")
        assert "recorded / right" in driver.text
        assert "✗ wrong" in driver.text


async def test_the_right_numbers_come_in_every_panel_that_shows(debug: Debug) -> None:
    async with debug(scenarios.find(SEED).build(), (140, 52)) as driver:
        await driver.command("goto 0 backward linear")
        wrong = [panel for panel in driver.app.query(TensorPanel) if "✗ wrong" in str(panel.query_one(Static).content)]
        assert len(wrong) == 2
        assert all(panel.query_one(TensorTable).table.beside is not None for panel in wrong)
        assert "finding the right numbers" not in driver.text


async def test_right_numbers_that_cannot_be_had_say_so(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: Any) -> Any:
        raise SystemExit("enough")

    monkeypatch.setattr("mtorch.debug.report.Report.numerical", boom)
    async with debug(scenarios.find(SEED).build(), (140, 45)) as driver:
        await driver.command("goto 0 backward linear")
        assert "✗ wrong (no right numbers: SystemExit: enough)" in driver.text
        assert "finding the right numbers" not in driver.text


async def test_findings_that_do_not_fit_are_a_line_each_and_counted(debug: Debug) -> None:
    async with debug("mnist-mlp-seed") as driver:
        await driver.command("goto 0 backward linear2")
        panel = driver.app.query_one("#verdict", Static)
        lines = str(panel.content).split("\n")
        assert [line[:1] for line in lines if "wrong-scale" in line] == ["✗"] * 3
        assert len(lines) <= panel.content_size.height


async def test_the_list_of_findings_says_what_it_cuts(debug: Debug) -> None:
    async with debug(SEED) as driver:
        findings = driver.app.query_one(FindingsList)
        cut = " · 0 shows them whole"
        assert findings.border_title == f"findings in iteration 0: 1…3 of 9{cut}"
        assert findings.render_line(0).text.rstrip().endswith("…")
        await driver.press("tab", "tab", *["down"] * 8)
        assert findings.border_title == f"findings in iteration 0: 7…9 of 9{cut}"
        await driver.press("0")
        assert findings.border_title == "findings in iteration 0: 5…9 of 9" and "…" not in driver.text.split("\n")[-3]
        await driver.press("1")
        assert findings.border_title == f"findings in iteration 0: 7…9 of 9{cut}"
        assert "─here─" in driver.text
        await driver.press("0", "enter")
        assert driver.place == "0 backward rnn.linear t=9", "where the last finding is"
        await driver.command("goto 0 backward linear")
        assert "─here · 7 shows the equations─" in driver.text


async def test_c_says_so_where_there_is_nothing_to_find(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.actions.moving.FAR", 3)
    async with debug(HEALTHY) as driver:
        await driver.press("c")
        assert "no finding in iterations 0…2; c goes on" in driver.text
        assert driver.place == "3 forward"
        await driver.press("C")
        assert "no finding before this one" in driver.text
        assert driver.place == "3 forward"


async def test_goto_by_the_command_line_where_a_layer_s_equations_stand(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        await driver.command("goto 0 backward linear")
        [event] = [e for e in driver.app.trace.events if str(e.address) == "0 backward linear"]
        assert event.equations
        assert event.equations[0] in driver.text
        await driver.command("goto 2 backward rnn t=3")
        assert driver.place == "2 backward rnn t=3"
        await driver.command("rs")
        assert driver.place == "2 backward rnn.linear t=4"
        await driver.command("goto iteration 0 › backward › rnn › t=8 › tanh")
        assert driver.place == "0 backward rnn.tanh t=8"


A_BAD_COMMAND_SAYS_WHAT_WAS_EXPECTED = [
    ("jump", "no command 'jump'; help lists them"),
    ("contineu", "no command 'contineu'; did you mean continue? help lists them"),
    ("goto", "goto expects ADDRESS, got ''"),
    ("goto 0 sideways", "expected ITERATION"),
    ("goto 0 backward gru", "nothing at '0 backward gru'; backward has linear, rnn"),
    ("step three", "step expects a number of times, 1…1000000, or nothing, got 'three'"),
    ("next 0", "next expects a number of times, 1…1000000, or nothing, got '0'"),
    ("step ٣", "step expects a number of times, 1…1000000, or nothing, got '٣'"),
    ("continue 3", "continue expects nothing after it, got '3'"),
]


async def test_a_bad_command_says_what_was_expected_and_loses_nothing(debug: Debug) -> None:
    async with debug(HEALTHY, (140, 45)) as driver:
        await driver.press("s")
        for words, said in A_BAD_COMMAND_SAYS_WHAT_WAS_EXPECTED:
            await driver.command(words)
            assert said in driver.text
            assert driver.place == "0 forward rnn"


async def test_the_start_of_the_run_is_said(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        for key in "SNF":
            await driver.press(key)
            assert "this is the start of the run" in driver.text
            assert driver.place == "0 forward"
            await driver.press("s", "S")
            assert "this is the start of the run" not in driver.text


async def test_moves_are_repeated_as_in_gdb(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        for words, place in [
            ("step 3", "0 forward rnn.linear t=0"),
            ("rs 2", "0 forward rnn"),
            ("next 3", "0 backward"),
            ("step 300", "4 backward rnn t=6"),
            ("reverse-step 300", "0 backward"),
            ("reverse-next 100", "0 forward"),
        ]:
            await driver.command(words)
            assert driver.place == place
        assert "this is the start of the run" in driver.text


async def test_esc_stops_moves_that_are_repeated(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        await driver.pilot.press("colon", *"step", "space", *"1000000", "enter")
        await driver.pilot.press("escape")
        await driver.settle()
        assert driver.place == "0 forward"
        assert "stopped" in driver.text


async def test_the_command_line_has_a_prompt_and_the_keys_stay(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        await driver.pilot.press("colon", *"goto")
        await driver.pilot.pause()
        line, footer = driver.text.split("\n")[-2:]
        assert line.startswith(" :goto")
        assert "do it" in footer
        assert "esc close" in footer
        await driver.press("s", "escape")
        footer = driver.text.split("\n")[-1]
        assert "s step" in footer
        await driver.press("s")
        assert driver.place == "0 forward rnn"
        at = footer.index("S back"), 0
        await driver.pilot.hover("Footer", at)
        assert driver.app.query_one("Footer").tooltip == "step back: the event before"
        await driver.pilot.mouse_down("Footer", at)
        await driver.settle()
        assert driver.place == "0 forward"
        await driver.pilot.hover("Footer", (0, 0))
        assert driver.app.query_one("Footer").tooltip == "step: the next event, inside this one if it has any"
        await driver.pilot.hover("Footer", (79, 0))
        assert driver.app.query_one("Footer").tooltip is None


async def test_the_chosen_tensor_shows_in_the_strip(debug: Debug) -> None:
    async with debug("mnist-mlp-seed") as driver:
        await driver.command("goto 0 backward linear2")
        event = driver.app.trace.events[driver.app.position.event]
        for _ in event.tensors:
            await driver.press("right_square_bracket")
            wrong = driver.app.tensor in ("grad_input", "grad_weight", "grad_bias")
            assert f"[{driver.app.tensor}{' ✗' if wrong else ''}]" in driver.text


async def test_tensors_are_gone_through(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        await driver.press("s")
        shown = []
        for key in ("right_square_bracket",) * 3 + ("left_square_bracket",):
            await driver.press(key)
            shown.append(driver.app.tensor)
        assert shown == ["h0", "x", "output", "x"]


class Held(Session):
    """Its checks wait until they are let go."""

    def __init__(self, training: Training) -> None:
        super().__init__(training)
        self.asked, self.gate = threading.Event(), threading.Event()

    def report(self, iteration: int, going: Going = lambda _: True, *, exhaustive: bool = False) -> Any:
        self.asked.set()
        self.gate.wait(30)
        return super().report(iteration, going, exhaustive=exhaustive)


async def test_nothing_is_called_right_while_the_check_runs_and_steps_go_on(debug: Debug) -> None:
    session = Held(scenarios.find(HEALTHY).build())
    async with debug(session, settle=False) as driver:
        while not session.asked.is_set():
            await driver.pilot.pause()
        await driver.pilot.press("n", "n", "s")
        await driver.pilot.pause()
        try:
            assert driver.place == "0 backward linear"
            assert "checking …" in driver.text
            assert "not checked yet" in driver.text
            assert "right" not in driver.text
        finally:
            session.gate.set()
        await driver.settle()
        assert "agree with the numerical derivative" in driver.text


async def test_what_ails_the_training_stands_beside_right_gradients(debug: Debug) -> None:
    async with debug("sick-dead-relu", (100, 30)) as driver:
        await driver.command("goto 9 loss")
        assert "11 gradients right, 2 warnings" in driver.text
        assert "! dead-units: 16 of relu1's 16 units are 0" in driver.text
        driver.app.query_one(FindingsList).focus()
        await driver.press("down", "enter")
        assert driver.place == "9 forward relu2"
        assert driver.text.count("! dead-units: 16 of relu2's 16 units are 0") == 2  # here, and in the list
        await driver.command("goto 0")
        assert "warning" not in driver.text, "one iteration tells nothing of how it goes on"


async def test_what_ails_the_training_shows_where_gradients_were_checked_on_the_way(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtorch.debug.session.BRIEF", math.inf)  # however busy the machine is
    session = Session(scenarios.find("sick-dead-relu").build())
    session.report(9)
    async with debug(session, (100, 30)) as driver:
        await driver.command("goto 9 loss")
        assert "11 gradients right, 2 warnings" in driver.text


async def test_what_comes_late_from_another_branch_is_not_said_of_this_one(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        driver.app.post_message(Checked(Session(scenarios.find(HEALTHY).build()), 0, "the other's layer failed"))
        await driver.settle()
        assert not driver.app.failures


async def test_where_iterations_are_long_health_is_that_of_those_seen(debug: Debug) -> None:
    session = Session(scenarios.find("sick-dead-relu").build())
    async with debug(session) as driver:
        await driver.command("goto 9")
        session.seconds = 1.0
        assert session.health(29) == (), "nothing was seen of the iterations before"
        session.seconds = 0.01
        assert [f.cause for f in session.health(28)] == ["dead-units"] * 2


class Slow(Training):
    """Each iteration from 1 on waits to be let go."""

    began, gate = threading.Event(), threading.Event()

    def step(self, iteration: int) -> Any:
        if iteration:
            self.began.set()
            self.gate.wait(30)
        return super().step(iteration)


async def test_esc_stops_a_long_run_and_loses_nothing(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENT", 0.001)  # it was long before keys come
    training = stack(layers.Linear(3, 3))
    training.__class__ = Slow
    session = Session(training)
    async with debug(session) as driver:
        session.seconds = 1.0
        for key in ["colon", *"goto", "space", *"100000", "enter"]:
            await driver.pilot.press(key)
        while not training.began.is_set():
            await driver.pilot.pause()
        for key in ("s", "C", "c", "x"):
            driver.app.say("")
            await driver.pilot.press(key)
            await driver.pilot.pause()
            assert "esc stops" in driver.text
        await driver.pilot.press("escape")
        training.gate.set()
        await driver.settle()
        assert driver.place == "0 forward"
        assert "stopped" in driver.text
        await driver.press("n")
        assert driver.place == "0 loss"


class Poison(layers.Tanh):
    def forward(self, x: Any) -> Any:
        out = super().forward(x)
        out[0, 1], out[1, 0], out[1, 1] = np.nan, np.inf, -np.inf
        return out


async def test_numbers_that_are_not_finite_are_shown(debug: Debug) -> None:
    async with debug(stack(layers.Linear(3, 3), Poison())) as driver:
        await driver.press("s", "n")
        for glyph in ("?NaN", "▲Inf", "▼Inf", "1 NaN, 2 Inf of 12"):
            assert glyph in driver.text
        await driver.press("n", "n", "s", "right_curly_bracket", "right_curly_bracket", "s")
        assert "?NaN" in driver.text


HOSTILE = "[bold red]x[/]\x1b[31m\n\u202e"


async def test_hostile_names_are_shown_harmless(debug: Debug) -> None:
    async with debug(stack(layers.Linear(3, 3, name=HOSTILE), layers.Tanh())) as driver:
        await driver.press("s")
        assert "[bold red]x[/]�[31m" in driver.text
        assert not {"\x1b", "\u202e"} & set(driver.text)


class Boom(layers.Tanh):
    """Raises what it is told to, from its call of that number on."""

    error: BaseException = SystemExit("enough")
    left = 1

    def forward(self, x: Any) -> Any:
        if self.left <= 0:
            raise self.error
        return super().forward(x)


RAISED = [error("no [more]") for error in (ValueError, SystemExit, KeyboardInterrupt, GeneratorExit)]


@pytest.mark.parametrize("far", [False, True])
async def test_a_layer_that_raises_or_exits_is_a_line_on_the_screen(debug: Debug, far: bool) -> None:
    boom = Boom()
    async with debug(stack(layers.Linear(3, 3), boom)) as driver:
        for iteration, error in enumerate(RAISED):
            boom.error, boom.left = error, 0
            driver.app.session.seconds = 1.0 if far else 0.0
            await driver.press("f")
            assert f"{type(error).__name__}: no [more]" in driver.text
            assert driver.place == f"{iteration} forward"
            boom.left = 1
            await driver.press("f")
            assert driver.place == f"{iteration + 1} forward"


async def test_a_check_that_raises_or_exits_is_said_and_nothing_is_called_right(debug: Debug) -> None:
    class OnlyFloat32(layers.Tanh):
        error: BaseException = RAISED[0]

        def forward(self, x: Any) -> Any:
            if x.dtype != np.float32:
                raise OnlyFloat32.error
            return super().forward(x)

    async with debug(stack(layers.Linear(3, 3), OnlyFloat32())) as driver:
        for iteration, OnlyFloat32.error in enumerate(RAISED[:3]):
            await driver.command(f"goto {iteration}")
            assert f"not checked: {type(OnlyFloat32.error).__name__}: no [more]" in driver.text
            assert "right" not in driver.text
            await driver.press("n")
            assert driver.place == f"{iteration} loss"


LATE = """
import numpy as np
from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers

class Batches:
    def batch(self, number):
        if number == 3:
            raise ValueError("late boom")
        return np.ones((2, 3)), np.ones((2, 3))

def build(seed):
    module = Module(Sequential([layers.Linear(3, 3)]))
    return Training(module, SquareLoss(module.backward), SGD(module, 0.1), Batches(), epoch=9)
"""


@pytest.mark.parametrize("far", [False, True])
async def test_what_the_target_raises_says_where_and_stays_until_the_place_changes(
    debug: Debug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(LATE)
    async with debug(load("mine.py").session()) as driver:
        driver.app.session.seconds = 1.0 if far else 0.0
        await driver.command("goto 9")
        said = "mine.py:8: iteration 3: ValueError: late boom"
        assert said in driver.text
        await driver.press("right_square_bracket", "left_curly_bracket")
        assert "this is the first iteration" in driver.text
        assert said in driver.text
        await driver.press("s")
        assert said not in driver.text


async def test_a_small_terminal_shows_a_message_until_it_grows(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        await driver.press("s", "s")
        for width, height in [(60, 20), (79, 24), (80, 23)]:
            await driver.pilot.resize_terminal(width, height)
            await driver.settle()
            assert "mtorch needs a terminal of 80x24" in driver.text
            assert f"This one is {width}x{height}" in driver.text
            assert "iteration 0" not in driver.text
        await driver.pilot.resize_terminal(80, 24)
        await driver.settle()
        assert "iteration 0 › forward › rnn › t=0" in driver.text


async def test_a_step_triggers_no_layout(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    layouts: list[Widget] = []
    refresh = Widget.refresh

    def counted(
        self: Widget, *regions: Any, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Any:
        if layout:
            layouts.append(self)
        return refresh(self, *regions, repaint=repaint, layout=layout, recompose=recompose)

    async with debug(scenarios.find(SEED).build(), (140, 45)) as driver:
        await driver.press("s", "n")
        monkeypatch.setattr(Widget, "refresh", counted)
        await driver.press(*"snSNfFccnnsC")
        assert layouts == []


async def test_a_click_on_a_finding_goes_to_where_it_shows(debug: Debug) -> None:
    async with debug(SEED) as driver:
        await driver.pilot.click(FindingsList, offset=(8, 3))
        await driver.settle()
        assert driver.place == "0 backward rnn.tanh t=8"


async def test_the_tree_s_rows_open_and_close_without_moving_and_arrows_and_clicks_go_there(debug: Debug) -> None:
    async with debug(HEALTHY) as driver:
        assert "    linear" not in driver.text
        await driver.press("enter")
        assert "    linear" in driver.text
        await driver.press("enter")
        assert "    linear" not in driver.text
        assert driver.place == "0 forward"
        await driver.press("down", "down")
        assert driver.place == "0 backward"
        await driver.press("up")
        assert driver.place == "0 loss"
        await driver.pilot.click(EventTree, offset=(8, 2))
        await driver.settle()
        assert driver.place == "0 backward"


async def test_the_table_scrolls_to_its_last_cell(debug: Debug) -> None:
    async with debug("mnist-mlp") as driver:
        await driver.command("goto 0 update linear1.weight")
        table = driver.app.query(TensorTable).first()
        await driver.pilot.press("j", "l")
        assert table.cell == (1, 1) and table.scroll_offset == (0, 0)
        driver.app.action_move_cell(20, 800)
        assert table.cell == (783, 15) or table.cell == (63, 15)
        strips = [table.render_line(y).text for y in range(table.scrollable_content_region.height)]
        assert strips[0].rstrip().endswith("15")
        assert strips[-1].startswith("63")


async def test_every_theme_can_be_drawn(debug: Debug) -> None:
    async with debug(SEED) as driver:
        for theme in ("textual-light", "textual-dark", "ansi-dark", "ansi-light", "dracula"):
            driver.app.theme = theme
            await driver.command("goto 0 loss")
            assert "unreachable-target" in driver.text
            await driver.press("S")


async def test_without_colour_the_same_is_said(debug: Debug, monkeypatch: pytest.MonkeyPatch) -> None:
    async with debug(SEED) as driver:
        await driver.press("c", "c")
        coloured = driver.text
    monkeypatch.setenv("NO_COLOR", "1")
    async with debug(SEED) as driver:
        await driver.press("c", "c")
        assert driver.text == coloured


async def test_the_picker_gives_the_name_of_a_scenario() -> None:
    app = Picker()
    async with app.run_test() as pilot:
        await pilot.pause()
        shown = "".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips()[-1:])
        assert all(hint in shown for hint in ("debug it", "down", "up"))
        await pilot.press("j", "enter")
    assert app.return_value == list(scenarios.SCENARIOS)[1]


def test_the_picker_has_the_users_theme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path))
    monkeypatch.setattr(Picker, "run", lambda picker: picker.theme)
    assert pick() == Picker().theme
    (tmp_path / "config.toml").write_text('theme = "nord"')
    assert pick() == "nord"


async def test_the_picker_can_be_left() -> None:
    app = Picker()
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_value is None
