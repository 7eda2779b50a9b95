"""What shows, as files, by ctrl+e and by the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui.export import making
from tui.screens.export import ExportScreen

Debug = Callable[..., Any]


async def test_what_shows_is_exported_into_the_current_folder(
    debug: Debug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with debug("rnn-sin-cos-seed", size=(100, 30)) as driver:
        await driver.command("goto 0 backward linear")
        await driver.press("ctrl+e")
        assert isinstance(driver.app.screen, ExportScreen) and "into the current folder" in driver.text
        await driver.press("escape", "ctrl+e", "enter")
        stem = "target-0-backward-linear"
        picture = (tmp_path / f"{stem}.svg").read_text(encoding="utf-8").replace("&#160;", " ")
        assert "iteration 0 › backward › linear" in picture and "into the current folder" not in picture
        await driver.press("ctrl+e", "j", "enter", "ctrl+e", "j", "enter")
        assert f"{stem}-2.csv: grad_weight (32x1)" in driver.status
        head, first, *_ = (tmp_path / f"{stem}.csv").read_text().splitlines()
        recorded, right = map(float, first.split(","))
        assert head == "0 recorded,0 right" and abs(right / recorded - 32) < 1e-4
        await driver.press("ctrl+e", "j", "j", "enter")
        with np.load(tmp_path / f"{stem}.npz", allow_pickle=False) as archive:
            assert "grad_weight" in archive["names"]
        driver.app.action_command("export typed.svg")
        await driver.press("enter")
        assert driver.status == "typed.svg: this screen"
        picture = (tmp_path / "typed.svg").read_text(encoding="utf-8").replace("&#160;", " ")
        assert "4 tensors at 0 backward linear" in picture and "export typed" not in picture
        await driver.command("export report.html")
        assert driver.status == "report.html: a report of iteration 0"
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "unreachable-target" in page and "stale-cache" in page
        before = sorted(path.name for path in tmp_path.iterdir())
        for words, said in (
            ("report.html", "report.html: exists already"),
            ("a.pdf", "expected a name that ends in .csv, .npz, .svg, .html"),
            ("none/a.svg", "there is no folder none"),
            ("~nobody-of-that-name/a.svg", "there is no folder ~nobody-of-that-name"),
            (f"{'a' * 300}.svg", "cannot be written: File name too long"),
        ):
            await driver.command(f"export {words}")
            assert said in driver.status
        await driver.command("goto 0 update")
        await driver.command("export a.npz")
        assert "no tensors of its own" in driver.status
        assert sorted(path.name for path in tmp_path.iterdir()) == before


async def test_esc_stops_an_export(debug: Debug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report asks whether to go on; what was stopped leaves no file."""
    monkeypatch.chdir(tmp_path)
    async with debug("rnn-sin-cos-seed") as driver:
        gather = making.gather

        def stopped(*args: Any) -> Any:
            driver.app.call_from_thread(driver.app.action_stop)
            return gather(*args)

        monkeypatch.setattr(making, "gather", stopped)
        await driver.command("export report.html")
        assert driver.status == "stopped"
        assert list(tmp_path.iterdir()) == []
        monkeypatch.undo()
