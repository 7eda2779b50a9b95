"""The screen's commands for branches, and for where a number was changed or born."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scenarios
from mtorch import Training
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.writer import Writer
from tui.actions import running
from tui.actions.whatif import enough
from tui.notebook import Notebook
from tui.recordings import opened
from tui.screens.listing import Listing
from tui.targets import load

Debug = Callable[..., Any]
HEALTHY = "rnn-sin-cos"


def healthy() -> Training:
    """A small one: its checks take less."""
    return scenarios.find(HEALTHY).build(settings={"hidden": 8, "batch": 4})


def lines(driver: Any) -> str:
    assert isinstance(driver.app.screen, Listing)
    return "\n".join(driver.app.screen.lines)


async def test_a_number_is_set_and_the_run_goes_on_as_a_branch(debug: Debug) -> None:
    async with debug(healthy(), (140, 45)) as driver:
        await driver.command("goto 4 forward rnn.linear t=0")
        before = driver.app.trace
        await driver.command("set rnn.linear.weight[3,7] = 0.5; lr = 0.01")
        assert "branch1: rnn.linear.weight[3,7] = 0.5; lr = 0.01 from iteration 4 on; branch trunk" in driver.status
        assert "branch1 · iteration 4 › forward › rnn › t=0 › linear" in driver.text
        assert driver.place == "4 forward rnn.linear t=0"
        assert driver.app.trace.events[driver.app.position.event].tensors["weight"][3, 7] == 0.5
        assert "gradients right" in driver.text
        await driver.press("}", "}")
        await driver.command("goto branch1 · iteration 6 › backward › rnn › t=8 › tanh")
        assert driver.place == "6 backward rnn.tanh t=8"
        await driver.command("branches")
        assert "  trunk: 5 iterations, loss " in lines(driver)
        assert "> branch1: from trunk at iteration 4: rnn.linear.weight[3,7] = 0.5; lr = 0.01" in lines(driver)
        assert "    7 iterations, loss " in lines(driver)
        assert "trunk there: has not come so far" in lines(driver)
        assert "> branch1: from trunk" in driver.text
        await driver.press("escape")
        await driver.command("branch trunk")
        assert (driver.place, driver.status) == ("6 backward rnn.tanh t=8", "this is trunk")
        assert "branch1" not in driver.text.split("\n")[0]
        await driver.command("goto 4 forward rnn.linear t=0")
        after = driver.app.trace
        for old, new in zip(before.events, after.events, strict=True):
            assert all((new.tensors[name] == array).all() for name, array in old.tensors.items())


async def test_branches_are_compared_and_forgotten(debug: Debug) -> None:
    async with debug(healthy(), (140, 45)) as driver:
        await driver.command("goto 5")
        await driver.command("set target[0,0,0] = 9 as odd")
        assert "odd · iteration 5 › forward" in driver.text
        await driver.command("goto 9")
        await driver.command("compare trunk")
        assert "odd and trunk first differ at 5 loss: target[0,0,0] is 9 in odd, " in lines(driver)
        assert [row.split()[0] for row in lines(driver).split("\n")[2:7]] == ["after", "iteration", "5", "6", "9"]
        assert ["iteration", "odd", "trunk", "apart", "apart"] in [row.split() for row in lines(driver).split("\n")]
        assert "Apart: as a share of the larger" in lines(driver)
        await driver.press("escape")
        assert "odd and trunk first differ at 5 loss" in driver.status
        await driver.command("delete-branch odd")
        assert "odd is what you are looking at" in driver.status
        await driver.command("set lr = nan")
        assert driver.status == "lr: expected a finite number, got nan"
        await driver.command("branch trunk")
        await driver.command("delete-branch odd")
        assert driver.status == "odd is gone"
        await driver.command("branch odd")
        assert "no branch is called 'odd'" in driver.status


async def test_a_comparison_is_as_long_as_one_says_and_what_is_known_shows_when_it_is_stopped(
    debug: Debug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "HEARD", 0.0)  # a run's progress shows at once
    monkeypatch.setattr(running, "PATIENT", 0.001)
    async with debug(healthy(), (140, 45)) as driver:
        await driver.command("goto 5")
        await driver.command("set lr = 0 as a-name-that-takes-some-room")
        await driver.command("compare trunk 3")
        assert [row.split()[0] for row in lines(driver).split("\n")[2:7]] == ["after", "iteration", "5", "6", "7"]
        assert "A is a-name-that-takes-some-room, B is trunk." in lines(driver)
        await driver.press("escape")
        assert len(driver.app.session.losses) == 8
        await driver.command("compare trunk 0")
        assert driver.status.startswith("compare expects NAME, or NAME and how many iterations")
        driver.submit("compare trunk 1000000")
        while "esc stops; a-name-that-takes-some-room and trunk first differ at 5 update" not in driver.status:
            await driver.pilot.pause()
        monkeypatch.setattr(running, "HEARD", 1e9)  # however long keys take here
        driver.submit("note x")
        await driver.pilot.pause()
        assert driver.status == "noted at a-name-that-takes-some-room · 5 forward; notes lists all"
        await driver.pilot.press("s")
        assert driver.status == "still running: esc stops it"
        monkeypatch.setattr(running, "HEARD", 0.0)
        while "esc stops; a-name" not in driver.status:
            await driver.pilot.pause()
        await driver.press("ctrl+c")
        assert "first differ at 5 update rnn.linear.weight" in lines(driver)
        assert "Stopped before iteration " in lines(driver)
        await driver.press("escape", "ctrl+c")
        assert driver.status == "q quits"


@pytest.mark.parametrize(
    ("a", "b", "stop"), [(10, 6, 10), (2000, 5000, 2000), (100_000, 10, 105), (5, 5, 6), (100_000, 300, 300)]
)
def test_what_is_compared_unless_told(a: int, b: int, stop: int) -> None:
    assert enough(5, a, b) == stop


WHAT_CANNOT_BE = [
    ("set", "set expects NAME = NUMBER, got ''"),
    ("set lr", "expected lr = NUMBER, got 'lr'"),
    ("set lr = 1 as a/b", "expected a name of letters"),
    ("set rnn.linear.wieght[0,0] = 1", "did you mean 'rnn.linear.weight'?"),
    ("set rnn.linear.weight[99,0] = 1", "out of range: rnn.linear.weight has the shape"),
    ("set \x1b[31m[0] = 1", r"no number to set is called '\x1b[31m'"),
    ("branch brunch", "no branch is called 'brunch'"),
    ("branch trunk", "this is trunk already"),
    ("compare trunk", "this is trunk; compare expects another branch"),
    ("compare x", "no branch is called 'x'"),
    ("changed", "no parameter is shown here"),
    ("changed rnn.linear.weight[-1,0]", "an index is 0 or more, got 'rnn.linear.weight[-1,0]'"),
    ("changed rnn.linear.weight[0,0] by x", "expected a number after by, 0 or more, got 'x'"),
    ("changed rnn.linear.weight[0,0] by nan", "expected a number after by, 0 or more, got 'nan'"),
    ("changed rnn.linear.wieght", "did you mean 'rnn.linear.weight'?"),
    ("changed rnn.linear.weight[0,0]", "rnn.linear.weight[0,0] was not changed before this"),
    ("born", "all numbers are finite here"),
    ("born now", "born expects nothing after it, got 'now'"),
]


async def test_what_cannot_be_is_said_and_loses_nothing(debug: Debug) -> None:
    async with debug(healthy(), (140, 45)) as driver:
        for words, said in WHAT_CANNOT_BE:
            await driver.command(words)
            assert said in driver.status
            assert driver.place == "0 forward"
            assert driver.app.branches.names() == ["trunk"]


async def test_where_a_number_was_changed(debug: Debug) -> None:
    async with debug(healthy(), (140, 45)) as driver:
        await driver.command("goto 4")
        await driver.command("changed rnn.linear.weight[3,7]")
        assert driver.place == "3 update rnn.linear.weight"
        delta = driver.app.trace.events[driver.app.position.event].tensors["delta"]
        assert driver.status == f"rnn.linear.weight[3,7] changed by {delta[3, 7]:.3g} in iteration 3"
        await driver.command("changed")
        assert driver.place == "2 update rnn.linear.weight"
        assert driver.status.startswith("rnn.linear.weight changed by up to ")
        await driver.command("changed-next by 1e9")
        assert driver.status == "rnn.linear.weight is not changed by more than 1e+09 before iteration 1002"
        await driver.press("s")
        await driver.command("changed-next rnn.linear.weight[0,0]")
        assert driver.place == "3 update rnn.linear.weight"
        await driver.command("goto 4 backward linear")
        while driver.app.tensor != "grad_weight":
            await driver.press("]")
        await driver.command("changed")
        assert driver.place == "3 update linear.weight"
        await driver.command("set linear.weight[0,0] = 3")
        await driver.command("changed linear.weight[0,0]")
        assert driver.place == "3 forward"
        assert driver.status == "linear.weight[0,0] was set at the start of iteration 3, where the branch begins"


async def test_where_the_first_number_that_is_not_finite_was_born(debug: Debug) -> None:
    async with debug(healthy(), (140, 45)) as driver:
        await driver.command("goto 3")
        await driver.command("set x[2,0,0] = nan")
        await driver.command("goto 9 backward rnn.tanh t=1")
        await driver.command("born")
        assert driver.place == "3 forward rnn.linear t=2"
        assert "is the first tensor with numbers that are not finite: 1 NaN" in driver.status


async def test_branches_are_saved_with_the_trunk_and_found_again(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    target = load(HEALTHY, 0, ("hidden=4", "seq=3", "batch=4"))
    async with debug(target.session(), notebook=Notebook(target)) as driver:
        await driver.command("goto 3")
        await driver.command("set lr = 0.01 as slow")
        await driver.command("goto 5 loss")
        loss = driver.app.trace.loss
        await driver.command(f"save {path}")
        assert "4 iterations are in" in driver.status
    assert Recording(path).left["branches"] == [["slow", "trunk", "3", "lr = 0.01"]]
    assert Recording(path).left["lengths"] == {"slow": 6}
    session, again, recording = opened(str(path), (), None, None, None)
    async with debug(session, notebook=Notebook(again, recording)) as driver:
        assert (driver.place, driver.status, driver.app.trace.loss) == ("5 loss", "where you left off", loss)
        assert "slow · iteration 5 › loss" in driver.text
    with contextlib.closing(Recording(path)) as recording:
        recording.left["branch"] = "trunk"
        async with debug(session, notebook=Notebook(again, recording)) as driver:
            await driver.command("branches")
            assert "    had 6 iterations; has not run since this was opened" in lines(driver)


async def test_a_recording_that_cannot_be_run_has_no_branches(debug: Debug, tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    with Writer(path, {"target": {"kind": "scenario", "name": "gone", "settings": {}}, "seed": 0}) as writer:
        Recorder(load(HEALTHY).training, writer, keep={4}).run(6)
        writer.left("branches", [["a", "trunk", "3", "lr = 1"], "x", ["\x1b", "trunk", "3", "lr = 1"]])
        writer.left("branch", "a")
    session, target, recording = opened(str(path), (), None, None, None)
    async with debug(session, notebook=Notebook(target, recording)) as driver:
        assert driver.app.branches.names() == ["trunk", "a"]
        for command, said in (
            ("set lr = 1", "iteration 4 cannot be run again"),
            ("branch a", "iteration 3 cannot be run again"),
            ("compare a", "iteration 3 cannot be run again"),
            ("changed linear.weight", "only iteration 4 was kept whole; iteration 3 cannot be run again"),
            ("changed", "no parameter is shown here"),
            ("born", "all numbers are finite here, and in all losses and states before; only iteration 4 was kept"),
        ):
            await driver.command(command)
            assert said in driver.status
            assert driver.place == "4 forward"
        await driver.command("changed-next linear.weight[0,0]")
        assert driver.status.startswith("linear.weight[0,0] changed by")
        assert driver.place == "4 update linear.weight"
        await driver.command("branches")
        assert "has not run since this was opened" in lines(driver)
