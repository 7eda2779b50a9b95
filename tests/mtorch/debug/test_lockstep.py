"""Two runs in step: what differs in an iteration, and where the next difference is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import scenarios
from mtorch import MtorchError
from mtorch.debug.branches import BranchSession, parse_edits
from mtorch.debug.differences import differing, likeness
from mtorch.debug.events import Address
from mtorch.debug.lockstep import Other, next_divergence, previous_divergence
from mtorch.debug.recording.reader import Recording
from mtorch.debug.recording.recorder import Recorder
from mtorch.debug.recording.window import Window
from mtorch.debug.recording.writer import Writer
from mtorch.debug.session import Session, Stopped
from mtorch.debug.timeline import Position

SMALL = {"hidden": 4, "seq": 3, "batch": 4}


def session(name: str = "rnn-sin-cos", **settings: float) -> Session:
    return Session(scenarios.find(name).build(settings=SMALL | settings if name.startswith("rnn") else {}), 8)


RUN = session()
BRANCH = BranchSession(RUN, 40, parse_edits("linear.weight[2,0] = 0.5"))
SEED = session("rnn-sin-cos-seed")


def place(position: Position | None, run: Session = RUN) -> str:
    return "" if position is None else str(run.trace(position.iteration).events[position.event].address)


def onward(run: Session, other: Other, at: Position, back: bool = False) -> Iterator[str]:
    """Where one gets from difference to difference."""
    move = previous_divergence if back else next_divergence
    while (there := move(run, other, at)) is not None:
        at = there
        yield place(at, run)


def test_numbers_differ_in_any_bit_or_beyond_a_tolerance() -> None:
    a = np.array([1.0, 0.0, np.nan, 2.0, np.inf, 1e-9])
    b = np.array([1.0, -0.0, np.nan, 2.0 + 1e-7, np.inf, 2e-9])
    assert differing(a, b).tolist() == [False, True, False, True, False, True]
    assert not differing(a, b, 1e-6).any(), "as a share of the largest number"
    assert differing(a, b, 1e-8).tolist() == [False, False, False, True, False, False]
    assert differing(np.array([1, 2]), np.array([1, 3])).tolist() == [False, True]
    assert differing(np.array([np.nan]), np.array([1.0]), 1e9).all()
    single = np.ones(2, np.float32)
    assert likeness(1e-6)(single, np.ones(2)) and not likeness(0.0)(single, np.ones(2))
    assert not likeness(1e-6)(np.ones(2), np.ones(3))


def test_a_branch_differs_from_where_its_numbers_do_and_so_on_through_what_follows() -> None:
    other = Other(BRANCH, "b")
    assert not other.step(RUN.trace(39)).differing
    step = other.step(RUN.trace(40))
    assert other.step(RUN.trace(40)) is step
    found = {str(RUN.trace(40).events[i].address): names for i, names in step.differing.items()}
    assert found["40 forward linear"] == ("weight", "output") and found["40 forward"] == ("output",)
    assert "40 forward rnn" not in found
    event = RUN.goto(Address.parse("40 forward linear")).event
    before = float(RUN.trace(40).events[event].tensors["weight"][2, 0])
    assert step.furthest(event, "weight") == (abs(0.5 - before), abs(0.5 - before) / max(0.5, abs(before)))
    places = onward(RUN, other, Position(3, 2))
    assert [next(places) for _ in range(4)] == ["40 forward linear", "40 loss", "40 backward", "40 backward linear"]
    back = list(onward(RUN, other, RUN.goto(Address.parse("40 backward linear")), back=True))
    assert back == ["40 backward", "40 loss", "40 forward linear"]
    assert place(previous_divergence(RUN, other, Position(41, 0))) == "40 update linear.bias"


def test_what_differs_by_less_than_the_tolerance_does_not_differ() -> None:
    close = BranchSession(RUN, 5, parse_edits("linear.weight[2,0] = 0.5"))
    far = Other(close, "b", 10.0)
    assert next_divergence(RUN, far, Position(0), most=8) is None
    assert previous_divergence(RUN, far, Position(8)) is None


def test_runs_that_are_the_same_are_said_to_be_after_so_many_iterations() -> None:
    asked: list[int] = []
    other = Other(session(), "b")
    assert next_divergence(RUN, other, Position(0), lambda i: asked.append(i) is None, most=12) is None
    assert max(asked) == 11
    assert previous_divergence(RUN, other, Position(70)) is None
    with pytest.raises(Stopped):
        next_divergence(RUN, other, Position(0), lambda i: i < 3)
    with pytest.raises(Stopped):
        previous_divergence(RUN, other, Position(70), lambda i: i == 70)


def test_other_networks_have_other_events_and_shapes() -> None:
    step = Other(SEED, "b").step(RUN.trace(0))
    own = {str(RUN.trace(0).events[i].address) for i in range(len(RUN.trace(0).events)) if i not in step.pairs}
    extra = {str(event.address) for event in step.extra}
    assert extra == {"0 forward sigmoid", "0 backward sigmoid"} and not own
    back = Other(RUN, "a").step(SEED.trace(0))
    lost = [event for event in SEED.trace(0).events if event.index not in back.pairs]
    assert {str(event.address) for event in lost} == extra
    assert all(back.differing[event.index] == tuple(event.tensors) for event in lost)
    wide = Other(session(hidden=5), "b").step(RUN.trace(0))
    assert wide.differing[1] == ("h0", "output")


def test_a_fault_that_reaches_no_state_is_found_in_every_iteration() -> None:
    class Deaf(type(RUN.training.model.sequential.layers[0])):  # type: ignore[misc]
        def backward(self, grad_output: np.ndarray) -> np.ndarray:
            return super().backward(grad_output) * 2

    Deaf.__name__ = "RNN"  # which paths are made of
    deaf = session()
    deaf.training.model.sequential.layers[0].__class__ = Deaf
    places = onward(RUN, Other(deaf, "b"), Position(0))
    assert [next(places), next(places)] == ["0 backward rnn", "1 backward rnn"]


def test_what_the_other_run_has_not_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.mtr"
    with Writer(path, {"target": {"kind": "scenario", "name": "gone", "settings": {}}, "seed": 0}) as writer:
        Recorder(session().training, writer, keep={0, 1}).run(3)
    other = Other(Window(Recording(path), "it is gone"), "b")
    assert not other.step(RUN.trace(1)).differing
    step = other.step(RUN.trace(2))
    assert step.two is None and "iteration 2 cannot be run again: it is gone" in step.why
    assert not step.differing and not step.pairs and not step.extra
    with pytest.raises(MtorchError, match=r"b: .*iteration 2 cannot be run again"):
        next_divergence(RUN, other, Position(0))
    assert other.cost(1) == 0.0
