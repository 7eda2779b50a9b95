from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtorch import Training
from mtorch.debug.branches import BranchSession, Edit
from mtorch.debug.breakpoints import Breakpoint, Breakpoints, check
from mtorch.debug.hits import Hit, next_hit, previous_hit
from mtorch.debug.recording.window import Window
from mtorch.debug.session import Session, Stopped
from mtorch.debug.timeline import Position
from mtorch.errors import MtorchError
from tests.mtorch.debug.recording.made import build, recorded

WEIGHT = "rnn.linear.weight"


@pytest.fixture(scope="module")
def run() -> Session:
    """Stands at iteration 60, with a checkpoint every 8."""
    session = Session(build(), 8)
    session.seek(60)
    return session


def breakpoints(*texts: str) -> list[Breakpoint]:
    made = Breakpoints()
    return [made.add(Breakpoint.parse(text)) for text in texts]


def place(session: Session, hit: Hit | None) -> str:
    return "" if hit is None else str(session.trace(hit.position.iteration).events[hit.position.event].address)


def until(last: int) -> Any:
    return lambda iteration: iteration <= last


def forwards(session: Session, last: int, *texts: str) -> list[Hit]:
    """Every hit from a position up to an iteration, by going on from hit to hit."""
    found: list[Hit] = []
    try:
        while True:
            found.append(
                next_hit(session, breakpoints(*texts), found[-1].position if found else Position(0, 0), until(last))
            )
    except (Stopped, MtorchError) as end:
        assert isinstance(end, Stopped) or "can't come true after iteration" in str(end)
        return [hit for hit in found if hit.position.iteration < last]


def backwards(session: Session, first: int, *texts: str) -> list[Hit]:
    found: list[Hit] = []
    at = Position(first, 0)
    while (hit := previous_hit(session, breakpoints(*texts), at)) is not None:
        found.append(hit)
        at = hit.position
    return found[::-1]


TEXTS = [
    "break rnn t=2",
    "break backward rnn.tanh t=1 if grad_input.norm < 1e-7",
    "break forward linear",
    "break update",
    "break if loss > 0.5 and t == 1",
    "break on nan",
    "break on finding",
    f"watch {WEIGHT}[3,2] > 1",
    "watch loss.increase",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_breakpoint_is_printed_as_the_text_that_it_came_from(text: str) -> None:
    assert str(Breakpoint.parse(text)) == text
    assert Breakpoint.parse(f"  {text.replace(' ', '   ')} ") == Breakpoint.parse(text)


def test_a_breadcrumb_is_a_place() -> None:
    assert str(Breakpoint.parse("break backward › rnn › t=2 › tanh")) == "break backward rnn.tanh t=2"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "break",
        "watch",
        "watch 1 > 0",
        "break on",
        "break on fire",
        "break on nan if loss > 1",
        "break rnn tanh",
        "break rnn t=x",
        "break rnn t=99999999999",
        "break if",
        "break rnn if loss",
        "break rnn if __import__",
        "break " + "x " * 10**5,
        "stop at",
    ],
)
def test_what_is_no_breakpoint_is_said_in_a_line(text: str) -> None:
    with pytest.raises(MtorchError) as raised:
        Breakpoint.parse(text)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


@given(st.text(max_size=40), st.sampled_from(["break ", "watch ", "break rnn if "]))
def test_what_can_be_parsed_comes_back_from_its_own_text(text: str, verb: str) -> None:
    try:
        found = Breakpoint.parse(verb + text)
    except MtorchError:
        return
    assert Breakpoint.parse(str(found)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("break rnn.tahn", "forward has rnn, rnn.linear, rnn.tanh, linear"),
        ("break backward rnn t=7", "there, t is 0…2"),
        ("break linear t=0", "there are no time steps"),
        ("break backward if grad_inptu.norm < 1", "no tensor is called 'grad_inptu'; did you mean 'grad_input'?"),
        ("break forward rnn.linear if weight > 1", "weight has shape (5, 4): index it, or take .norm"),
        ("break forward rnn.linear if weight[9,9] > 1", "(5, 4), which [9,9] is outside of"),
        ("break backward rnn.tanh if grad_weight.norm > 1", "no tensor is called 'grad_weight'"),
        ("watch rnn.wieght[0,0] > 1", "no tensor is called 'rnn.wieght'; did you mean 'rnn.linear.weight'?"),
        (f"watch {WEIGHT}", "(5, 4): index it"),
        (f"watch {WEIGHT}.momentum[0,0]", "has no 'momentum[0,0]'"),
        ("watch linear.wieght.grad_norm > 1", "no tensor is called 'linear.wieght'; did you mean 'linear.weight'?"),
        ("watch los > 1", "did you mean 'loss'?"),
        ("watch grad_norm > 1", "no tensor is called 'grad_norm'"),
    ],
)
def test_what_can_never_hit_is_said_when_it_is_set(run: Session, text: str, said: str) -> None:
    with pytest.raises(MtorchError) as raised:
        check(Breakpoint.parse(text), run, run.trace(0))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "text", [*TEXTS, "watch linear.weight.grad_norm > 1", "watch steps", "break update if delta.norm > 1"]
)
def test_what_may_hit_is_let_through(run: Session, text: str) -> None:
    check(Breakpoint.parse(text), run, run.trace(0))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("break rnn t=1", ["0 forward rnn t=1", "0 backward rnn t=1", "1 forward rnn t=1", "1 backward rnn t=1"]),
        ("break rnn", ["0 forward rnn", "0 backward rnn", "1 forward rnn", "1 backward rnn"]),
        ("break backward rnn.tanh t=2", ["0 backward rnn.tanh t=2", "1 backward rnn.tanh t=2"]),
        ("break forward linear", ["0 forward linear", "1 forward linear"]),
        ("break update", ["0 update", "1 update"]),
        ("break loss", ["0 loss", "1 loss"]),
        ("break forward rnn.tanh if iteration == 1 and t >= 1", ["1 forward rnn.tanh t=1", "1 forward rnn.tanh t=2"]),
        (
            "break update if before[0,0] != after[0,0] and iteration < 1",
            ["0 update rnn.linear.weight", "0 update linear.weight"],
        ),
    ],
)
def test_places_both_ways(run: Session, text: str, places: list[str]) -> None:
    assert [place(run, hit) for hit in forwards(run, 2, text)] == places
    assert [place(run, hit) for hit in backwards(run, 2, text)] == places


def test_conditions_on_an_events_tensors(run: Session) -> None:
    norms = [
        np.linalg.norm(e.tensors["grad_input"])
        for n in range(30)
        for e in run.trace(n).events
        if str(e.address).endswith("backward rnn.tanh t=0")
    ]
    limit = float(np.median(norms))
    text = f"break backward rnn.tanh t=0 if grad_input.norm < {limit!r}"
    expected = [n for n, norm in enumerate(norms) if norm < limit]
    found = forwards(run, 30, text)
    assert [hit.position.iteration for hit in found] == expected
    assert found[0].words == f"breakpoint 1: {text.removeprefix('break ')} (grad_input.norm = {norms[expected[0]]:.3g})"
    assert [hit.position for hit in backwards(run, 30, text)] == [hit.position for hit in found]


def weights(session: Session, count: int) -> list[float]:
    """weight[3,2] at the starts of iterations 0 … count."""
    return [float(session.state(n).model[WEIGHT][3, 2]) for n in range(count + 1)]


def test_a_weight_is_watched_both_ways(run: Session) -> None:
    seen = weights(run, 50)
    limit = float(np.median(seen))
    expected = [n for n in range(50) if not seen[n] > limit and seen[n + 1] > limit]
    assert expected
    text = f"watch {WEIGHT}[3,2] > {limit!r}"
    found = forwards(run, 50, text)
    assert [hit.position.iteration for hit in found] == expected
    assert {place(run, hit).partition(" ")[2] for hit in found} == {f"update {WEIGHT}"}
    assert [hit.position for hit in backwards(run, 50, text)] == [hit.position for hit in found]


def test_a_number_is_watched_for_every_change(run: Session) -> None:
    found = forwards(run, 4, f"watch {WEIGHT}[3,2]")
    assert [hit.position.iteration for hit in found] == [0, 1, 2, 3]
    seen = weights(run, 1)
    assert found[0].words == f"watch 1: {WEIGHT}[3,2] ({seen[0]:.3g} → {seen[1]:.3g})"
    assert len(backwards(run, 4, f"watch {WEIGHT}[3,2]")) == 4


def test_watching_runs_no_more_than_a_trace_where_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(build(), 8)
    traced: list[int] = []
    original = Session.trace
    monkeypatch.setattr(
        Session, "trace", lambda self, n, going=lambda _: True: (traced.append(n), original(self, n, going))[1]
    )
    hit = next_hit(session, breakpoints("watch iteration == 33"), Position(0, 0))
    assert hit.position.iteration == 33
    assert traced == [33]


@pytest.mark.parametrize("condition", ["iteration == 33", "33 <= iteration < 34 and loss > 0"])
@pytest.mark.parametrize("known", [0, 20, 50])
def test_what_loss_and_iteration_decide_is_traced_only_where_it_stops(
    monkeypatch: pytest.MonkeyPatch, condition: str, known: int
) -> None:
    session, traced = Session(build(), 8), set[int]()
    session.seek(known)
    original = Session.trace

    def noted(self: Session, iteration: int, going: Any = lambda _: True) -> Any:
        traced.add(iteration)
        return original(self, iteration, going)

    monkeypatch.setattr(Session, "trace", noted)
    stop = breakpoints(f"break update if {condition}")
    hit = next_hit(session, stop, Position(3, 0))
    assert hit.position.iteration == 33
    assert len(session.losses) <= max(known, 35)
    session.seek(60)
    back = previous_hit(session, stop, Position(60, 0))
    assert back is not None
    assert back.position.iteration == 33
    assert traced == {3, 33}  # the one that shows, and the hit


def test_numbers_of_iterations_are_no_whole_numbers_to_numpy(run: Session) -> None:
    text = "watch iteration ** -iteration < 1e-9 and iteration ** 30 > 0"
    assert [hit.position.iteration for hit in forwards(run, 40, text)] == [10]
    assert [hit.position.iteration for hit in backwards(Session(build(), 8), 40, text)] == [10]


@pytest.mark.parametrize("twice", [False, True])
def test_what_a_branch_sets_is_no_hit_and_what_comes_of_it_is(run: Session, twice: bool) -> None:
    edits = tuple(Edit(WEIGHT, (3, 2), value) for value in (2.0, 9.0))
    branch = BranchSession(run, 12, edits[:1])
    if twice:  # a branch of a branch, at the same iteration
        branch = BranchSession(branch, 12, edits[1:])
    for text in (f"watch {WEIGHT}[3,2] > 1.5", f"watch {WEIGHT}[3,2] > 1.5 and linear.weight.grad_norm > 0"):
        assert forwards(branch, 20, text) == backwards(branch, 20, text) == []
    changes = forwards(branch, 20, f"watch {WEIGHT}[3,2]")
    assert [hit.position.iteration for hit in changes] == list(range(20))
    assert "(9 → " in changes[12].words if twice else "(2 → " in changes[12].words
    assert f"→ {run.state(12).model[WEIGHT][3, 2]:.3g})" in changes[11].words
    assert backwards(branch, 20, f"watch {WEIGHT}[3,2]") == changes


@pytest.mark.parametrize("known", [0, 7, 60])
def test_a_loss_is_watched_both_ways_however_much_is_known(known: int) -> None:
    whole = Session(build())
    whole.seek(60)
    losses = whole.losses
    ups = [n for n in range(1, 60) if losses[n] > losses[n - 1]]
    limit = float(np.median(losses))
    falls = [n for n in range(60) if losses[n] < limit and not (n and losses[n - 1] < limit)]
    for text, expected in [("watch loss.increase", ups), (f"watch loss < {limit!r}", falls)]:
        session = Session(build())
        session.seek(known)
        found = forwards(session, 60, text)
        assert [hit.position.iteration for hit in found] == expected
        assert {place(session, hit).partition(" ")[2] for hit in found} <= {"loss"}
        assert [hit.position for hit in backwards(session, 60, text)] == [hit.position for hit in found]


def test_norms_come_from_a_recording_or_from_traces_and_agree(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "run.mtr", 40)
    for kind in ("grad_norm", "weight_norm", "update_ratio"):
        stored = recording.series(f"{WEIGHT}.{kind}")
        assert stored is not None
        limit = float(np.sort(stored)[19:21].mean())
        text = f"watch {WEIGHT}.{kind} > {limit!r}"
        plain, replayed = Session(build()), Session(build(), store=recording)
        found = [[hit.position for hit in forwards(session, 40, text)] for session in (plain, replayed)]
        back = [[hit.position for hit in backwards(session, 40, text)] for session in (plain, replayed)]
        assert found[0]
        assert found[0] == found[1] == back[0] == back[1]
    recording.close()


class Seldom(Training):
    """Its optimiser steps in every other iteration, and in place."""

    def step(self, iteration: int) -> Any:
        inputs, targets = self.inputs_and_targets(iteration)
        loss = self.loss(self.model(inputs), targets)
        loss.backward()
        if iteration % 2:
            arrays = [(layer, name, array) for layer in self.model.layers() for name, array in layer.parameters.items()]
            self.optimizer.step()
            for layer, name, array in arrays:
                array[:] = layer.parameters[name]
                layer.parameters[name] = array
        self.model.zero_grad()
        return loss


def test_an_iteration_without_a_step_has_no_norms() -> None:
    session = Session(build(), 8)
    session.training.__class__ = Seldom
    for text in ("watch linear.weight.grad_norm > 0", f"watch {WEIGHT}.update_ratio < 1e9"):
        found = forwards(session, 20, text)
        assert [hit.position.iteration for hit in found] == list(range(1, 20, 2))
        assert backwards(session, 20, text) == found


@pytest.mark.parametrize("back", [False, True])
def test_norms_are_heard_of_and_hardly_anything_is_traced(monkeypatch: pytest.MonkeyPatch, back: bool) -> None:
    session, traced = Session(build(), 8), []
    session.seek(64)
    original = Session.trace

    def noted(self: Session, iteration: int, going: Any = lambda _: True) -> Any:
        traced.append(iteration)
        return original(self, iteration, going)

    monkeypatch.setattr(Session, "trace", noted)
    stop = breakpoints("watch linear.weight.weight_norm > 0 and iteration == 40")
    hit = previous_hit(session, stop, Position(64, 0)) if back else next_hit(session, stop, Position(0, 0))
    assert hit is not None
    assert hit.position.iteration == 40
    assert len(traced) < 15  # where each stretch begins, and the hit
    assert type(session.training.optimizer).step.__qualname__ == "Optimizer.step"
    assert not hasattr(type(session.training.optimizer).step, "__wrapped__")


def test_what_cannot_be_run_again_is_searched_in_its_series(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "run.mtr", 40)
    window = Window(recording, "the data is not here")
    with pytest.raises(MtorchError, match="the data is not here"):
        next_hit(window, breakpoints(f"watch {WEIGHT}[3,2] > 1"), Position(0, 0))
    assert previous_hit(window, breakpoints(f"watch {WEIGHT}[3,2] > 1"), Position(30, 0)) is None
    with pytest.raises(MtorchError, match="iteration 12 cannot be run again: the data is not here"):
        next_hit(window, breakpoints("watch iteration == 12"), Position(0, 0))
    recording.close()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "break rnn t=1",
                "break update if iteration > 3",
                "watch loss.increase",
                f"watch {WEIGHT}[3,2] > 0.3",
                "watch linear.bias[0]",
                "watch linear.bias.grad_norm > 0.05",
                f"watch loss < 0.5 and {WEIGHT}.norm > 1",
            ]
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(0, 25),
    st.integers(0, 29),
)
def test_there_and_back(texts: list[str], iteration: int, event: int) -> None:
    session, at = shared(), Position(iteration, event)
    stops = breakpoints(*texts)
    hits = []
    try:
        for _ in range(3):
            hits.append(next_hit(session, stops, hits[-1].position if hits else at, until(40)))
    except Stopped:
        pass
    assert all(hit.position > at for hit in hits)
    for earlier, later in pairwise(hits):
        assert earlier.position < later.position
        back = previous_hit(session, stops, later.position)
        assert back is not None
        assert (back.position, back.breakpoint) == (earlier.position, earlier.breakpoint)
    if hits:
        back = previous_hit(session, stops, hits[0].position)
        assert back is None or back.position <= at


def shared(made: list[Session] = []) -> Session:  # noqa: B006  one for all examples
    if not made:
        made.append(Session(build(), 8))
    return made[0]


def test_the_nearest_of_several_counts_and_one_that_never_hits_is_no_hindrance(run: Session) -> None:
    never = f"watch {WEIGHT}[3,2] > 1e9"
    hit = next_hit(run, breakpoints(never, "break if iteration == 9", "break loss if iteration == 9"), Position(3, 0))
    assert (hit.position, hit.breakpoint.number) == (Position(9, 0), 2)
    both = next_hit(run, breakpoints("break loss", "break loss"), Position(3, 0))
    assert both.breakpoint.number == 1
    back = previous_hit(run, breakpoints(never, "break loss", "break loss"), Position(3, 0))
    assert back is not None
    assert (place(run, back), back.breakpoint.number) == ("2 loss", 2)


def test_findings_are_among_the_hits_where_asked_for() -> None:
    session = Session(build("rnn-sin-cos-seed"))
    first = next_hit(session, breakpoints("break on finding"), Position(0, 0))
    assert first.position == session.next_finding(Position(0, 0))
    assert first.words == "breakpoint 1: on finding (unreachable-target)"
    back = previous_hit(session, breakpoints("break on finding"), Position(1, 0))
    assert back is not None
    assert back.position == session.previous_finding(Position(1, 0))


class Poisoned(Training):
    """Iteration 5's inputs have a NaN."""

    def inputs_and_targets(self, iteration: int) -> tuple[Any, Any]:
        inputs, targets = super().inputs_and_targets(iteration)
        return (
            tuple(part * (np.nan if iteration == 5 else 1) for part in inputs)
            if isinstance(inputs, tuple)
            else inputs * (np.nan if iteration == 5 else 1)
        ), targets


def test_nan_stops_at_the_innermost_event() -> None:
    training = build()
    training.__class__ = Poisoned
    session = Session(training)
    hit = next_hit(session, breakpoints("break on nan"), Position(0, 0))
    assert place(session, hit) == "5 forward rnn.linear t=0"
    watch = next_hit(session, breakpoints(f"watch {WEIGHT}.nonfinite > 0"), Position(0, 0))
    assert place(session, watch) == f"5 update {WEIGHT}"
    assert watch.words.endswith("(rnn.linear.weight.nonfinite = 20)")


@pytest.mark.parametrize(
    "text",
    [*TEXTS[1:2], "watch loss > 1e9", f"watch {WEIGHT}[3,2] > 1e9", "break on nan", f"watch {WEIGHT}.grad_norm > 1e9"],
)
@pytest.mark.parametrize("back", [False, True])
def test_each_iteration_is_asked_for_and_a_no_stops(run: Session, text: str, back: bool) -> None:
    asked: list[int] = []

    def going(iteration: int) -> bool:
        asked.append(iteration)
        return len(asked) < 12

    stored = back and text == "watch loss > 1e9"
    if stored:
        assert previous_hit(run, breakpoints(text), Position(40, 0), going) is None
    else:
        with pytest.raises(Stopped):
            (previous_hit if back else next_hit)(run, breakpoints(text), Position(58, 0), going)
    assert next_hit(run, breakpoints("break loss"), Position(3, 0)).position.iteration == 3


def test_all_that_stop_at_one_event_are_named(run: Session) -> None:
    texts = ("break loss", "watch loss > 0", "break loss if iteration >= 0")
    words = ("breakpoint 1: loss", "watch 2: loss > 0 (loss = ", "breakpoint 3: loss if iteration >= 0 (iteration = 0)")
    hit = next_hit(run, breakpoints(*texts), Position(0, 0))
    assert all(word in hit.words for word in words)
    back = previous_hit(run, breakpoints(*texts), Position(1, 0))
    assert back == hit


@pytest.mark.parametrize("text", ["watch iteration == 7", "break loss if iteration <= 7 and loss > 0"])
def test_what_can_not_come_true_any_more_says_so(run: Session, text: str) -> None:
    assert next_hit(run, breakpoints(text), Position(6, 99)).position.iteration == 7
    with pytest.raises(MtorchError, match=r": .* can't come true after iteration 7"):
        next_hit(run, breakpoints(text), Position(14, 0))
    there = next_hit(run, breakpoints(text, "break loss"), Position(14, 0))
    assert there.words == "breakpoint 2: loss"


def test_the_list_of_breakpoints() -> None:
    made = Breakpoints()
    for text in TEXTS[:3]:
        made.add(Breakpoint.parse(text))
    made.delete([2])
    made.enable([3], False)
    assert [b.number for b in made.all] == [1, 3]
    assert [str(b) for b in made.enabled] == TEXTS[:1]
    assert made.add(Breakpoint.parse("break loss")).number == 4
    again = Breakpoints.from_texts(made.as_texts())
    assert [(str(b), b.enabled) for b in again.all] == [(str(b), b.enabled) for b in made.all]
    made.enable([1, 3, 4])
    assert len(made.enabled) == 3
    made.delete([1, 3, 4])
    assert made.all == []


@pytest.mark.parametrize(
    "texts", [None, 3, "break loss", {"a": 1}, [1], [["break loss"]], [["break loss", 1]], [["no", True]], [[[], True]]]
)
def test_garbage_is_passed_over(texts: Any) -> None:
    assert Breakpoints.from_texts(texts).all == []
