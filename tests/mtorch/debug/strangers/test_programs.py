"""Programs of strangers' layers: back by copies where these are faithful, else to the latest iterations."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtorch.debug.breakpoints import Breakpoint
from mtorch.debug.differences import differing_traces, identical
from mtorch.debug.events import Address
from mtorch.debug.hits import next_hit, previous_hit
from mtorch.debug.origins import last_change
from mtorch.debug.strangers.programs import Program, loss_of
from mtorch.debug.strangers.snapshots import Snapshot, Uncopied
from mtorch.debug.strangers.steps import step_of
from mtorch.debug.strangers.travel import LATEST, Latest, ProgramSession, travelling
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tui.targets import built

EXAMPLE = Path(__file__).parents[4] / "docs" / "own_layers.py"

TRAINER = """
import random
import numpy as np

class Dense:
    def __init__(self, n, m):
        self.W, self.dW = np.random.randn(n, m), np.zeros((n, m))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, grad):
        self.dW[...] = self.x.T @ grad
        return grad @ self.W.T

class Momentum:
    velocity = None  # of the class, and rebound there

    def step(self, dense):
        Momentum.velocity = dense.dW if self.velocity is None else 0.9 * self.velocity + dense.dW
        dense.W -= 0.01 * self.velocity

calls = 0

class Trainer:
    def __init__(self, seed):
        np.random.seed(seed)
        random.seed(seed)
        self.dense, self.optimizer, self.order = Dense(3, 2), Momentum(), list(range(8))
        self.x, self.history = np.random.randn(8, 3), {}

    def step(self, iteration):
        global calls
        calls += 1
        random.shuffle(self.order)
        x = self.x[self.order] + 0.1 * np.random.randn(8, 3) * calls
        error = self.dense.forward(x) - x[:, :2]
        self.dense.backward(error / 8)
        self.optimizer.step(self.dense)
        self.history[iteration] = float((error ** 2).mean())
        return self.history[iteration], len(self.history)

def build(seed):
    return Trainer(seed)
"""

BATCHES = """
    trainer = Trainer(seed)
    trainer.batches = (trainer.x + i for i in range(10**6))
    def step(iteration):
        trainer.x = next(trainer.batches)
        return trainer.step(iteration)
    return step
"""


def program(folder: Path, text: str = TRAINER) -> Program:
    path = folder / "mine.py"
    path.write_text(text)
    made = built("mine.py", path, 0)[0]
    assert isinstance(made, Program)
    return made


@pytest.fixture
def session(tmp_path: Path) -> ProgramSession:
    return travelling(program(tmp_path))


@pytest.fixture
def latest(tmp_path: Path) -> ProgramSession:
    return travelling(program(tmp_path, TRAINER.replace("    return Trainer(seed)\n", BATCHES)))


def test_any_iteration_is_gone_back_to_bit_by_bit(session: ProgramSession) -> None:
    assert (session.way, session.why) == ("back by copies", "")
    first = {iteration: session.trace(iteration) for iteration in (0, 3, 70)}
    session._traces.clear()
    for iteration in (70, 3, 0):
        random.random()  # others draw from the same generators
        np.random.rand()
        assert differing_traces(first[iteration], session.trace(iteration), identical) is None
    assert session.inexact is None
    assert {e.address.path for e in first[0].events if e.address.phase == "backward"} == {"dense"}


def test_the_losses_are_those_that_python_itself_comes_to(session: ProgramSession) -> None:
    names: dict[str, Any] = {}
    exec(TRAINER, names)
    state, trainer = random.getstate(), names["build"](0)
    alone = [trainer.step(i)[0] for i in range(20)]
    random.setstate(state)
    session.seek(20)
    assert session.losses == alone


def test_functions_and_their_variables_are_gone_back_in_too() -> None:
    made = built(str(EXAMPLE), EXAMPLE, 0)[0]
    assert isinstance(made, Program)
    session = travelling(made)
    found = {(f.cause, f.path) for i in (0, 9, 2) for f in session.report(i).findings}
    assert found == {("derivative-at-output", "tanh")}
    assert session.inexact is None
    assert session.known_health(0) == session.health(0) == ()


def test_breakpoints_watches_and_changes_work_back_and_forth(session: ProgramSession) -> None:
    stop = Breakpoint.parse("break backward dense if grad_W.norm > 2.5")
    hit = next_hit(session, [stop], Position(0))
    assert previous_hit(session, [stop], Position(hit.position.iteration + 1)) == hit
    norms = [norm(session, i) for i in range(12)]
    limit = 1.001 * sorted(norms)[-2]
    watch = Breakpoint.parse(f"watch dense.W.grad_norm > {limit}")
    assert next_hit(session, [watch], Position(0)).position.iteration == int(np.argmax(norms))
    there = session.goto(Address(7, "update", "dense.W"))
    assert last_change(session, "dense.W", (0, 0), there) == session.goto(Address(6, "update", "dense.W"))


def norm(session: ProgramSession, iteration: int) -> float:
    trace = session.trace(iteration)
    return float(np.linalg.norm(trace.events[trace.find(Address(iteration, "update", "dense.W"))].tensors["gradient"]))


def test_without_copies_the_latest_iterations_are_at_hand(latest: ProgramSession) -> None:
    assert isinstance(latest, Latest)
    assert latest.why == "Trainer.batches is a generator, which can't be copied"
    position = latest.move(Position(4, 0), "back-into")
    assert position.iteration == 3
    assert not latest.report(0).findings
    latest.trace(LATEST + 4)
    assert differing_traces(latest.trace(5), latest.trace(5), identical) is None
    with pytest.raises(MtorchError, match=f"iteration 4 is gone; iterations 5…{LATEST + 4} are at hand, as Trainer"):
        latest.trace(4)
    assert latest.distance(5) == 0 and latest.distance(LATEST + 6) == 2
    stop = Breakpoint.parse("watch dense.W.grad_norm > 1e9")
    assert previous_hit(latest, [Breakpoint.parse("break loss if iteration > 1e6")], Position(9, 1)) is None
    with pytest.raises(MtorchError, match="is gone"):
        previous_hit(latest, [stop], Position(9))


def test_what_comes_out_otherwise_from_a_copy_is_not_gone_back_in(tmp_path: Path) -> None:
    session = travelling(
        program(tmp_path, TRAINER.replace("0.1 * np.random", "np.random.default_rng().random() * np.random"))
    )
    assert isinstance(session, Latest)
    assert session.why == "from a copy, iteration 0 came out otherwise (0 forward dense, input)"


def test_an_iteration_that_raises_leaves_the_run_where_it_was(tmp_path: Path) -> None:
    session = travelling(
        program(
            tmp_path, TRAINER.replace("        global calls\n", "        global calls\n        1 / (iteration - 5)\n")
        )
    )
    with pytest.raises(ZeroDivisionError):
        session.trace(5)
    assert session.trace(4).iteration == 4


def test_what_no_layer_is_seen_in_says_so(tmp_path: Path) -> None:
    with pytest.raises(MtorchError, match="no class with a forward and a backward was at work"):
        travelling(program(tmp_path, "def build(seed):\n    return lambda iteration: 1.0\n"))


def test_numbers_are_set_in_a_training_only(session: ProgramSession) -> None:
    from mtorch.debug.branches import Branches, parse_edits

    with pytest.raises(MtorchError, match=r"set works on a mtorch.Training only"):
        Branches(session).add(2, parse_edits("dense.W[0,0] = 1"))


class Slotted:
    __slots__ = ("value",)


def test_a_snapshot_puts_everything_back_in_its_place() -> None:
    slotted, rng, array = Slotted(), np.random.default_rng(0), np.arange(6.0).reshape(2, 3)
    slotted.value = 1
    root: dict[str, Any] = {"list": [1, [2]], "set": {1}, "slots": slotted, "rng": rng, "array": array, "view": array.T}
    inner, before = root["list"][1], Snapshot(root)
    drawn = rng.random()
    inner.append(3)
    root["list"].clear()
    root["set"].add(2)
    slotted.value = 2
    array[...] = 0
    root["new"] = root.pop("array")
    assert Snapshot({"array": np.zeros(3)}, before).nbytes == 48
    before.restore()
    assert [*root] == ["list", "set", "slots", "rng", "array", "view"] and root["list"] == [1, [2]]
    assert root["list"][1] is inner and root["set"] == {1} and slotted.value == 1 and rng.random() == drawn
    assert root["array"] is array and root["view"][1, 0] == 1
    assert Snapshot(root, before).nbytes == 0
    with pytest.raises(Uncopied, match="batches is a list_iterator, which can't be copied"):
        Snapshot({"batches": iter([1])})


def test_a_dataset_is_copied_once_and_again_where_it_is_shuffled() -> None:
    root = [np.random.default_rng(0).random(200_000)]
    first = Snapshot(root)
    second = Snapshot(root, first)
    assert (first.nbytes, second.nbytes) == (3_200_000, 0)
    before = root[0].copy()
    np.random.default_rng(1).shuffle(root[0])
    third = Snapshot(root, second)
    assert third.nbytes == 3_200_000
    second.restore()
    np.testing.assert_array_equal(root[0], before)
    third.restore()
    assert not np.array_equal(root[0], before)


def test_without_copies_no_breakpoint_is_run_past_by_another(latest: ProgramSession) -> None:
    later = Breakpoint.parse("watch dense.W.grad_norm > 1e9")
    place = Breakpoint.parse("break backward dense if iteration == 90")
    assert next_hit(latest, [later, place], Position(0)).position.iteration == 90


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda i: i, 3),
        (lambda: 7, 7),
        (("model", lambda i: i), 3),
        (("model", lambda model, i: (model, i)), ("model", 3)),
        (3, None),
        ([], None),
        (lambda a, b: 0, None),
    ],
)
def test_steps_are_found(made: Any, expected: Any) -> None:
    step: Callable[[int], Any] | None = step_of(made)
    assert (step(3) if step else None) == expected


def test_losses_are_numbers_that_a_step_returns() -> None:
    assert [loss_of(x) for x in (1, (2.0, "x"), {"loss": np.array([3.0])}, np.float32(4))] == [1, 2, 3, 4]
    assert all(np.isnan(loss_of(x)) for x in (None, "1", np.zeros(2), {}, (), 1j))
