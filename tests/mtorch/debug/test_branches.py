"""Branches: numbers changed at an iteration's start, and a trunk that never hears of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scenarios
from mtorch import SGD, DataLoader, Module, MtorchError, Sequential, SquareLoss, Training, layers
from mtorch.debug.branches import Branch, Branches, BranchSession, Edit, parse_edits, parting
from mtorch.debug.events import Address, Trace
from mtorch.debug.session import Session, Stopped
from mtorch.schedules import StepLR

SMALL = {"hidden": 4, "seq": 3, "batch": 4}


def session(name: str = "rnn-sin-cos", every: int = 8) -> Session:
    return Session(scenarios.find(name).build(settings=SMALL if name.startswith("rnn") else {}), every)


def fingerprint(trace: Trace) -> list[tuple[str, str, bytes]]:
    return [(str(e.address), name, array.tobytes()) for e in trace.events for name, array in e.tensors.items()]


def branched(trunk: Session, at: int, text: str) -> BranchSession:
    return BranchSession(trunk, at, parse_edits(text))


EDITS = {
    "rnn-sin-cos": "rnn.linear.weight[3,2] = 0.5; lr = 0.01; h0[0,1] = 3; x[2,0,0] = -1; target[0,0,0] = 2",
    "mnist-mlp": "linear2.bias[3] = 1; input[0,3] = 0; target[0] = 2",
    "char-rnn": "input[0,3] = 0; target[0,0] = 2",
}


@pytest.mark.parametrize("name", EDITS)
def test_the_trunk_is_never_altered(name: str) -> None:
    trunk, alone = session(name), session(name)
    trunk.trace(12)
    branch = branched(trunk, 9, EDITS[name])
    branch.trace(20)
    branch.report(9)
    trunk._traces.clear()
    for i in (8, 9, 10, 15):
        assert fingerprint(trunk.trace(i)) == fingerprint(alone.trace(i))
    assert trunk.losses == alone.losses[: len(trunk.losses)]
    assert all((trunk.state(9).model[n] == a).all() for n, a in alone.state(9).model.items())
    assert trunk.inexact is None


@pytest.mark.parametrize("name", EDITS)
def test_the_numbers_are_set_and_all_before_is_the_trunk_s(name: str) -> None:
    trunk = session(name)
    branch = branched(trunk, 9, EDITS[name])
    first = branch.trace(9)
    for edit in parse_edits(EDITS[name]):
        if edit.name == "lr":
            assert branch.training.optimizer.lr == 0.01
            continue
        place = Address(9, "loss") if edit.name == "target" else Address(9, "forward")
        tensors = first.events[first.find(place)].tensors
        shown = tensors[edit.name] if edit.name in tensors else branch.state(9).model[edit.name]
        assert shown[edit.index] == edit.value
        assert shown.dtype == (trunk.trace(9).events[first.find(place)].tensors | trunk.state(9).model)[edit.name].dtype
    assert fingerprint(branch.trace(8)) == fingerprint(trunk.trace(8))
    assert branch.report(8) is trunk.report(8) is branch.known_report(8)
    assert branch.losses[:9] == trunk.losses[:9]
    assert str(branch.training.batches.batch(10)) == str(trunk.training.batches.batch(10))


@settings(max_examples=30)
@given(at=st.integers(0, 20), row=st.integers(0, 4), column=st.integers(0, 3), every=st.integers(1, 16))
def test_a_number_set_to_itself_changes_nothing(at: int, row: int, column: int, every: int) -> None:
    trunk = session(every=every)
    old = float(trunk.state(at).model["rnn.linear.weight"][row, column])
    branch = BranchSession(trunk, at, (Edit("rnn.linear.weight", (row, column), old),))
    for i in (at + 3, at, at + 1, max(0, at - 1)):
        assert fingerprint(branch.trace(i)) == fingerprint(trunk.trace(i))
    assert branch.losses == trunk.losses[: len(branch.losses)]


def test_going_back_in_a_branch_shows_what_was_seen_first() -> None:
    branch = branched(session(), 5, "rnn.linear.bias[0] = 1; lr = 0.9")
    seen = {i: fingerprint(branch.trace(i)) for i in (3, 4, 5, 6, 30)}
    branch._traces.clear()
    for i in reversed(seen):
        assert fingerprint(branch.trace(i)) == seen[i]
    assert branch.inexact is None


def test_a_branch_of_a_branch_and_the_moves_between() -> None:
    trunk = session()
    branches = Branches(trunk)
    branches.add(10, parse_edits("lr = 0.01"))
    branches.current = "branch1"
    deeper = branches.add(15, parse_edits("rnn.linear.bias[0] = 1"), "deep")
    assert deeper == Branch("deep", "branch1", 15, (Edit("rnn.linear.bias", (0,), 1.0),))
    one, two = branches.session("branch1"), branches.session("deep")
    assert two.training.optimizer.lr == 0.01
    assert fingerprint(two.trace(14)) == fingerprint(one.trace(14)) != fingerprint(trunk.trace(14))
    assert fingerprint(two.trace(15)) != fingerprint(one.trace(15))
    assert (parting(one, two), parting(trunk, two), parting(two, trunk)) == (15, 10, 10)
    branches.current = "deep"
    assert branches.add(12, parse_edits("lr = 1")).parent == "branch1"
    assert branches.add(3, parse_edits("lr = 1")).parent == "trunk"
    place = two.goto(Address(10, "forward"))
    assert str(two.trace(9).events[two.move(place, "back-into").event].address) == "9 update linear.bias"
    assert two.visit(8, 20, lambda i, s: s.model["rnn.linear.bias"][0] == 1) == 15


def test_branches_are_stored_as_texts_and_made_when_asked_for() -> None:
    branches = Branches(session())
    branches.add(4, parse_edits("lr = 0.01; rnn.linear.bias[0] = 1"))
    branches.current = "branch1"
    branches.add(6, parse_edits("x[0,0,0] = 0.25"), "deep")
    stored = [branch.texts() for branch in branches.made.values()]
    assert stored[1] == ["deep", "branch1", "6", "x[0,0,0] = 0.25"]
    again = Branches(session())
    again.restore(
        [*stored, ["x", "nowhere", "3", "lr = 1"], ["deep", "trunk", "3", "lr = 1"], ["a b", "trunk", "", ""]]
    )
    assert again.made == branches.made
    assert again.known("deep") is None
    assert fingerprint(again.session("deep").trace(7)) == fingerprint(branches.session("deep").trace(7))


def test_a_branch_is_removed_unless_it_is_needed() -> None:
    branches = Branches(session())
    branches.add(1, parse_edits("lr = 1"))
    branches.current = "branch1"
    branches.add(2, parse_edits("lr = 2"))
    for name, said in [
        ("branch1", "branch1 is what you are looking at"),
        ("trunk", "trunk is the run itself"),
        ("brunch2", "did you mean 'branch2'"),
    ]:
        with pytest.raises(MtorchError, match=said):
            branches.remove(name)
    branches.current = "trunk"
    with pytest.raises(MtorchError, match="branch1 has branches of its own: branch2"):
        branches.remove("branch1")
    branches.remove("branch2")
    branches.remove("branch1")
    assert branches.names() == ["trunk"]
    assert branches.add(0, parse_edits("lr = 1")).name == "branch1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected NAME[i,j] = NUMBER, got nothing"),
        ("lr", "expected lr = NUMBER, got 'lr'"),
        ("lr = ", "expected lr = NUMBER, got 'lr ='"),
        ("lr = 1_0", "expected lr = NUMBER, got 'lr = 1_0'"),
        ("lr = ٣", "expected lr = NUMBER, got 'lr = ٣'"),
        ("lr[0] = 1", "lr has the shape (): expected no index, got lr[0]"),
        ("linear1.wieght[0,0] = 1", "no number to set is called 'linear1.wieght'; did you mean 'linear1.weight'?"),
        ("linear1.weight[64,0] = 1", "linear1.weight[64,0] is out of range: linear1.weight has the shape (64, 16)"),
        ("linear1.bias = 1", "linear1.bias has the shape (16,): expected 1 number in [ ], got linear1.bias"),
        ("linear1.bias[1,] = 1", "expected NAME[i,j], got 'linear1.bias[1,]'"),
        ("linear1.bias[9999999999] = 1", "expected NAME[i,j], got 'linear1.bias[9999999999]'"),
        ("linear1.bias[-1] = 1", "an index is 0 or more, got 'linear1.bias[-1]'"),
        ("linear1.bias[0] = -1e50", "linear1.bias[0]: float32 holds at most 3.4e+38, got -1e+50"),
        ("lr = 1e400", "expected a number of at most 1.8e+308, or inf, got 1e400"),
        ("input[0,0] = 1e39", "input[0,0]: float32 holds at most 3.4e+38, got 1e+39"),
        ("input[0] = 1", "input has the shape (20, 64): expected 2 numbers in [ ], got input[0]"),
        ("target[0] = 0.5", "target holds uint8: expected a whole number in 0…255, got 0.5"),
        ("target[0] = -1", "target holds uint8: expected a whole number in 0…255, got -1"),
        ("target[0] = nan", "target holds uint8: expected a whole number in 0…255, got nan"),
        ("target[20] = 1", "target[20] is out of range: target has the shape (20,)"),
    ],
)
def test_what_cannot_be_set_is_said_in_one_line(text: str, said: str) -> None:
    branches = Branches(session("mnist-mlp"))
    with pytest.raises(MtorchError) as error:
        branches.add(0, parse_edits(text))
    assert str(error.value) == said
    assert branches.names() == ["trunk"]


@pytest.mark.parametrize("name", ["trunk", "branch1", "a b", "1", "x" * 41, "\x1b"])
def test_a_name_must_be_new_and_plain(name: str) -> None:
    branches = Branches(session("xor"))
    branches.add(0, parse_edits("lr = 1"))
    with pytest.raises(MtorchError, match=r"called|expected a name"):
        branches.add(0, parse_edits("lr = 2"), name)


NAMES = st.text(st.characters(exclude_characters="=[]; \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85"), min_size=1).filter(
    lambda name: name == name.strip()
)


@given(NAMES, st.lists(st.integers(0, 10**9 - 1), max_size=4), st.floats(allow_nan=False))
def test_an_edit_is_read_as_it_is_written(name: str, index: list[int], value: float) -> None:
    edit = Edit(name, tuple(index), value)
    assert Edit.parse(str(edit)) == edit
    branch = Branch("b", "trunk", 3, (edit, edit))
    assert Branch.from_texts(branch.texts()) == branch


def test_nan_is_a_number_to_set() -> None:
    assert math.isnan(Edit.parse("w[1] = nan").value)
    assert str(Edit.parse("w[1]=nan")) == "w[1] = nan"
    branch = branched(session(), 2, "rnn.linear.bias[0] = nan")
    assert np.isnan(branch.trace(2).loss)


def test_what_is_stopped_leaves_no_branch() -> None:
    branches = Branches(session())
    with pytest.raises(Stopped):
        branches.add(30, parse_edits("lr = 1"), going=lambda iteration: iteration < 20)
    assert branches.names() == ["trunk"]


def test_a_schedule_gives_way_to_a_learning_rate_and_dtypes_stay() -> None:
    first, second = layers.Linear(3, 3), layers.Linear(3, 2)
    second.parameters = {name: array.astype(np.float64) for name, array in second.parameters.items()}
    module = Module(Sequential([first, second]))
    rng = np.random.default_rng(0)
    data = DataLoader(rng.standard_normal((8, 3)), rng.standard_normal((8, 2)), 4)
    training = Training(module, SquareLoss(module.backward), SGD(module, StepLR(0.1, 1)), data)
    trunk = Session(training)
    branch = branched(trunk, 3, "lr = 0.25")
    kinds: list[dict[str, Any]] = [{n: a.dtype for n, a in s.state(4).model.items()} for s in (trunk, branch)]
    assert kinds[0] == kinds[1]
    event = branch.trace(3).events[branch.trace(3).find(Address(3, "update", "linear1.bias"))]
    assert np.allclose(event.tensors["delta"], -0.25 * event.tensors["gradient"])
