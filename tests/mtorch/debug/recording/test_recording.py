from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mtorch import MtorchError
from mtorch.debug.events import Trace
from mtorch.debug.recording import keep
from mtorch.debug.recording.layout import DTYPES, packed, unpacked
from mtorch.debug.recording.norms import SMALL, Norms
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import PIECE, Recorder
from mtorch.debug.recording.saving import save
from mtorch.debug.recording.verify import verify
from mtorch.debug.recording.window import Window
from mtorch.debug.recording.writer import Writer, update
from mtorch.debug.session import Session
from mtorch.debug.tracer import trace
from mtorch.debug.watching import Watch
from mtorch.errors import DataError
from tests.mtorch.debug.recording.made import build, recorded


def fingerprint(found: Trace) -> list[Any]:
    return [
        (str(e.address), e.label, e.depth, e.parent, e.end, e.equations, name, array.dtype, array.tobytes())
        for e in found.events
        for name, array in (*e.tensors.items(), ("", np.zeros(0)))
    ]


@given(arrays.arrays(st.sampled_from(DTYPES).map(np.dtype), arrays.array_shapes(min_dims=0, min_side=0)))
def test_an_array_comes_back_as_it_was(array: np.ndarray) -> None:
    back = unpacked(*packed(array))
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize(
    "three",
    [
        ("<f4", "[2]", b"1234"),
        ("<f4", "[-1]", b""),
        ("<f4", "[1e0]", b"1234"),
        ("<f4", "[true]", b"1234"),
        ("<f4", '{"a": 1}', b"1234"),
        ("<f4", "[" * 900, b"1234"),
        ("|O", "[1]", b"12345678"),
        ("<f4", "[1]", "1234"),
        (None, None, None),
        ("<f4", "[4294967296, 4294967296]", b""),
        ("<f4", str([1] * 33), b"1234"),
    ],
)
def test_an_array_that_does_not_fit_together_is_refused(three: Any) -> None:
    with pytest.raises((ValueError, RecursionError)):
        unpacked(*three)


def test_what_is_recorded_is_what_the_run_was(tmp_path: Path) -> None:
    found, run = recorded(tmp_path / "a.mtr", keep={0, 5, 39}), Session(build(), every=8)
    assert found.losses == [run.trace(i).loss for i in range(40)]
    assert (found.checkpoints, found.kept) == ((0, 8, 16, 24, 32, 40), (0, 5, 39))
    for n in found.checkpoints:
        for part, again in zip(found.state(n), run.state(n), strict=True):
            assert part.keys() == again.keys()
            assert all(part[name].tobytes() == again[name].tobytes() for name in part)
    for n in found.kept:
        kept = found.trace(n)
        assert kept is not None
        assert kept.loss == run.trace(n).loss
        assert fingerprint(kept) == fingerprint(run.trace(n))
    assert found.trace(1) is None
    assert (found.series("loss") == found.losses).all()
    assert found.series("nothing") is None


@pytest.mark.parametrize("name", ["rnn-sin-cos", "mnist-mlp", "lstm-sin-cos", "mnist-cnn"])
def test_norms_are_those_of_the_events(tmp_path: Path, name: str) -> None:
    found, run = recorded(tmp_path / "a.mtr", 35, name), Session(build(name))
    updates = [{e.address.path: e for e in run.trace(i).events if e.address.phase == "update"} for i in (0, 1, 34)]
    for at, events in zip((0, 1, 34), updates, strict=True):
        for path, event in events.items():
            if not path:
                continue
            own = path.rpartition(".")[2]
            weight = np.linalg.norm(event.tensors[f"{own} after"].astype(float))
            expected = {
                "grad_norm": np.linalg.norm(event.tensors["gradient"].astype(float)),
                "weight_norm": weight,
                "update_ratio": np.linalg.norm(event.tensors["delta"].astype(float)) / weight if weight else np.nan,
            }
            for norm, number in expected.items():
                series = found.series(f"{path}.{norm}")
                assert series is not None
                np.testing.assert_allclose(series[at], number, rtol=2e-5, err_msg=f"{path}.{norm}")


@pytest.mark.parametrize("size", [4, SMALL + 1])
def test_norms_see_what_an_optimiser_does_in_place_and_what_has_no_gradient(size: int) -> None:
    class Part:
        def __init__(self) -> None:
            self.parameters = {"w": np.ones(size), "unused": np.ones(size)}
            self.gradients = {"w": np.full(size, 2.0)}

        def children(self) -> list[Any]:
            return []

    class InPlace:
        def step(self) -> None:
            part.parameters["w"] -= 0.5

    part: Any = Part()
    training: Any = type("T", (), {"optimizer": InPlace(), "dtype": np.dtype(float)})()
    training.model = type("M", (), {"sequential": part})()
    norms = Norms(training)
    with Watch([(training.optimizer, ("step",))], norms):
        for _ in range(3):
            training.optimizer.step()
            norms.ended()
    numbers = dict(norms.taken(3))
    root = np.sqrt(size)
    np.testing.assert_allclose(numbers["w.grad_norm"], [2 * root] * 3, rtol=1e-6)
    np.testing.assert_allclose(numbers["w.weight_norm"], [0.5 * root, 0, 0.5 * root], atol=1e-6)
    np.testing.assert_allclose(numbers["w.update_ratio"], [1, np.inf, 1], rtol=1e-6)
    assert np.isnan(numbers["unused.grad_norm"]).all()
    assert (numbers["unused.update_ratio"] == 0).all()


def test_pieces_and_pauses_make_no_difference(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "a.mtr", 2 * PIECE + 7)
    with Writer(tmp_path / "b.mtr", {}) as writer:
        recorder = Recorder(build(), writer, every=8)
        for stop in (1, 5, PIECE, PIECE + 1, 2 * PIECE + 7):
            recorder.run(stop)
    parts = Recording(tmp_path / "b.mtr")
    assert (parts.losses, parts.checkpoints) == (whole.losses, whole.checkpoints)
    for name in whole.names():
        np.testing.assert_array_equal(parts.series(name), whole.series(name))


def test_an_iteration_that_raises_loses_nothing_that_came_before(tmp_path: Path) -> None:
    training = build()
    usual = training.step

    def step(iteration: int) -> Any:
        if iteration == 21:
            raise ZeroDivisionError
        return usual(iteration)

    training.step = step  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError), Writer(tmp_path / "a.mtr", {}) as writer:
        Recorder(training, writer, every=8).run(50)
    found = Recording(tmp_path / "a.mtr")
    assert (len(found.losses), found.checkpoints[-1]) == (21, 16)


def test_a_checkpoint_is_as_far_from_the_next_as_the_bytes_allow(tmp_path: Path) -> None:
    found = recorded(tmp_path / "a.mtr", 200, every=None, budget=3000, norms=False)
    state = found.state(0)
    size = sum(array.nbytes for part in state for array in part.values())
    assert len(found.checkpoints) - 200 // 16 <= 3000 // size + 4


def test_a_recording_is_a_past_to_go_on_from(tmp_path: Path) -> None:
    found, straight = recorded(tmp_path / "a.mtr"), Session(build())
    run = Session(build(), store=found)
    assert run.losses == found.losses
    for i in (37, 3, 55, 40):
        assert fingerprint(run.trace(i)) == fingerprint(straight.trace(i))
    assert run.inexact is None
    norms = run.series("linear.weight.grad_norm")
    assert norms is not None
    assert len(norms) == 40


def test_a_window_shows_what_was_kept_and_says_why_not_the_rest(tmp_path: Path) -> None:
    found = recorded(tmp_path / "a.mtr", keep={0, 1, 2, 7})
    window = Window(found, "the data isn't here")
    assert fingerprint(window.trace(2)) == fingerprint(Session(build()).trace(2))
    assert window.move(window.goto(window.trace(1).events[-1].address), "over").iteration == 2
    for refused in (lambda: window.trace(5), lambda: window.seek(5), lambda: window.state(5)):
        with pytest.raises(
            MtorchError, match=r"iterations 0…2, 7 were kept whole; iteration 5 .*: the data isn't here"
        ):
            refused()
    with pytest.raises(MtorchError, match="can't be checked: the data isn't here"):
        window.report(0)
    assert window.losses == found.losses
    assert window.state(8).model.keys() == found.state(0).model.keys()


def test_a_session_is_saved_as_far_as_it_has_come(tmp_path: Path) -> None:
    run = Session(build(), every=4)
    run.trace(30)
    run.trace(5)
    save(run, tmp_path / "a.mtr", {"seed": 0}, {"notes": [["0 loss", "here"]]})
    found = Recording(tmp_path / "a.mtr")
    assert (found.losses, found.kept, found.left) == (run.losses, (5, 30), {"notes": [["0 loss", "here"]]})
    assert list(found.checkpoints) == run.checkpoints.within(0, 100)
    again = Session(build(), store=found)
    save(again, tmp_path / "b.mtr", {"seed": 0}, {})
    assert Recording(tmp_path / "b.mtr").losses == found.losses


def test_what_is_left_later_replaces_what_was(tmp_path: Path) -> None:
    recorded(tmp_path / "a.mtr").close()
    update(tmp_path / "a.mtr", lambda there: {"position": "1 loss"})
    update(tmp_path / "a.mtr", lambda there: {"position": f"not {there['position']}", "notes": []})
    assert Recording(tmp_path / "a.mtr").left == {"position": "not 1 loss", "notes": []}


def test_of_what_was_left_the_rest_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    recorded(path).close()
    update(path, lambda there: {"position": "1 loss", "notes": []})
    change(path, "UPDATE left SET value = ? WHERE kind = ?", "[[", "notes")
    found = Recording(path)
    assert (found.left, found.unread) == ({"position": "1 loss"}, {"notes"})


def test_verify_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    assert verify(build(), recorded(tmp_path / "a.mtr")) is None


def change(path: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(path) as base:
        base.execute(statement, values)
    base.close()


def test_verify_names_the_first_tensor_that_is_otherwise_and_by_how_much(tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    weight = recorded(path).state(16).model["linear.weight"].copy()
    weight[2, 0] += 0.5
    where = "WHERE iteration = 16 AND name = 'linear.weight'"
    change(path, f"UPDATE states SET data = ? {where}", weight.tobytes())
    found = verify(build(), Recording(path))
    assert found is not None
    off = found.difference
    assert (found.first, off.iteration, off.tensor, off.index) == (8, 16, "linear.weight", (2, 0))
    assert off.absolute == pytest.approx(0.5)
    assert not found.exact


def test_verify_finds_the_very_iteration_by_its_loss(tmp_path: Path) -> None:
    class Off(type(build())):  # type: ignore[misc]
        def step(self, iteration: int) -> Any:
            loss = super().step(iteration)
            if iteration == 11:
                layer = self.model.layers()[-1]
                layer.parameters["bias"] = layer.parameters["bias"] + np.float32(1e-3)
            return loss

    training = build()
    training.__class__ = Off
    found = verify(training, recorded(tmp_path / "a.mtr"))
    assert found is not None
    assert (found.first, found.difference.iteration, found.exact) == (12, 16, True)
    assert found.difference.absolute is not None and 0 < found.difference.absolute < 0.1


def test_readers_see_what_is_committed_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    with Writer(path, {}) as writer:
        recorder = Recorder(build(), writer, every=8)
        for stop in (10, 20, 30):
            recorder.run(stop)
            readers = [Recording(path) for _ in range(3)]
            assert [len(reader.losses) for reader in readers] == [stop] * 3
            assert all(reader.state(8).model for reader in readers)
    assert [len(Recording(path).losses)] == [30]


def test_a_full_disk_is_a_clear_line_and_what_was_committed_stays(tmp_path: Path) -> None:
    path, training = tmp_path / "a.mtr", build()
    full = pytest.raises(DataError, match="cannot be written: database or disk is full; what was committed")
    with full, Writer(path, {}) as writer:
        writer._base.execute("PRAGMA max_page_count = 60")
        recorder = Recorder(training, writer, every=1)
        recorder.run(20)
        recorder.run(2000)
    found = Recording(path)
    assert 20 <= len(found.losses) < 2000
    assert verify(build(), found) is None
    assert np.isfinite(training.step(recorder.at).value)


def test_a_file_that_vanishes_or_is_replaced_is_a_clear_line(tmp_path: Path) -> None:
    for replaced in (False, True):
        path = tmp_path / f"{replaced}.mtr"
        gone = pytest.raises(DataError, match="was removed or replaced while it was being written")
        with gone, Writer(path, {}) as writer:
            recorder = Recorder(build(), writer, every=8)
            recorder.run(5)
            path.unlink()
            if replaced:
                path.write_text("mine")
            recorder.run(20)
        assert not replaced or path.read_text() == "mine"


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    path.write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        Writer(path, {})
    assert path.read_text() == "mine"
    with pytest.raises(DataError, match="there is no folder"):
        Writer(tmp_path / "no" / "a.mtr", {})


@pytest.mark.parametrize(
    ("text", "kept", "last"),
    [
        ("0:3", {0, 1, 2}, 0),
        ("0:2,last:3", {0, 1, 97, 98, 99}, 3),
        ("98:1000", {98, 99}, 0),
        ("", set(), 0),
        ("last:1000", set(range(100)), 100),
    ],
)
def test_what_to_keep(text: str, kept: set[int], last: int) -> None:
    assert keep.parse(text, 100) == (kept, last)


def test_what_ends_before_it_begins_is_not_kept() -> None:
    with pytest.raises(MtorchError, match="expected FIRST:STOP with FIRST before STOP, got '3:1'"):
        keep.parse("0:2,3:1", 100)


@pytest.mark.parametrize("text", ["3", "a:b", "0:3;", "last:-1", "-1:3", "0:9999999999", "٣:٤"])
def test_what_can_not_be_kept(text: str) -> None:
    with pytest.raises(MtorchError, match="expected FIRST:STOP or last:N"):
        keep.parse(text, 100)


def test_a_trace_leaves_the_same_numbers_behind_as_a_plain_step(tmp_path: Path) -> None:
    kept, plain = recorded(tmp_path / "a.mtr", keep=range(40)), recorded(tmp_path / "b.mtr")
    assert kept.losses == plain.losses
    assert trace(build(), 0).loss == kept.losses[0]
