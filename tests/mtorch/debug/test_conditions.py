from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtorch.debug.conditions import Term, number, parse
from mtorch.errors import MtorchError

floats = st.floats(allow_subnormal=False)
LOSS, T = Term(("loss",)), Term(("t",))


def expressions() -> st.SearchStrategy[str]:
    """Texts of conditions over loss and t."""
    leaves = st.sampled_from(["loss", "t", "0", "1", "0.5", "1e300", "-2"])
    pairs = st.sampled_from(["({} + {})", "({} - {})", "{} * {}", "{} / ({})", "{} % ({})", "abs({}) + {}"])
    numbers = st.recursive(leaves, lambda inner: st.builds(str.format, pairs, inner, inner), max_leaves=4)
    signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    chains = st.builds("{} {} {} {} {}".format, numbers, signs, numbers, signs, numbers)
    joins = st.sampled_from(["({} and {})", "({} or {})", "(not {} or {})"])
    return st.recursive(chains, lambda inner: st.builds(str.format, joins, inner, inner), max_leaves=2)


@given(expressions(), st.lists(st.tuples(floats, floats), min_size=1, max_size=8))
def test_series_come_out_as_their_numbers_one_by_one(text: str, rows: list[tuple[float, float]]) -> None:
    if len(text) > 200:
        return
    condition = parse(text)
    loss, t = np.array(rows).T
    together = np.broadcast_to(condition.evaluate({LOSS: loss, T: t}), len(rows))
    assert together.tolist() == [bool(condition.evaluate({LOSS: a, T: b})) for a, b in rows]


@given(expressions(), floats, floats)
def test_it_means_what_it_means_in_python(text: str, loss: float, t: float) -> None:
    """Where Python has no exception, and no NaN turns up; `!=` is the one that Python finds true of it."""
    try:
        with np.errstate(all="ignore"):
            expected = eval(text, {"loss": np.float64(loss), "t": np.float64(t)})
    except (ZeroDivisionError, OverflowError):
        return
    if len(text) <= 200 and "!=" not in text:
        assert bool(parse(text).evaluate({LOSS: loss, T: t})) == bool(expected)


HOSTILE = [
    "__import__('os').system('true')",
    "loss.__class__ > 1",
    "loss._hidden > 1",
    "().__class__",
    "(lambda: 1)() > 0",
    "[x for x in y] > 1",
    "10 ** 10 ** 10 > loss",
    "loss ** 1e9 > 1",
    "f'{loss}' > 1",
    "(loss := 3) > 1",
    "loss > 'a'",
    "loss > 1j",
    "loss > True",
    "loss > None",
    "loss > ...",
    "loss > 1e999",
    "-" * 190 + "1 > 0",
    "(" * 99 + "x[0" + ")" * 98,
    "loss[" * 60 + "0" + "]" * 60,
    "a" * 10**6,
    "loss\x00 > 1",
    "loss > \ud800",
    "loss > 1; 2",
    "loss is 1",
    "1 if loss else 2",
    "loss // 2 > 1",
    "loss // 2 > 1",
    "loss @ loss > 1",
    "~loss > 1",
    "weight[1:2] > 1",
    "weight[True] > 1",
    "weight[loss] > 1",
    "weight[9999999999999] > 1",
    "abs(loss, loss) > 1",
    "abs(*loss) > 1",
    "abs(x=loss) > 1",
    "open('f') > 1",
    "{1: 2} > 1",
    "yield",
    "await loss",
    "not loss",
    "loss and t",
    "(loss > 1) + 1",
    "1if loss else 0",
    "",
    " \n ",
    ">",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20].encode("ascii", "replace").decode())
def test_what_is_no_condition_is_turned_down_in_a_line(text: str) -> None:
    with pytest.raises(MtorchError) as raised:
        parse(text)
    assert len(str(raised.value)) < 200
    assert "\n" not in str(raised.value)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(MtorchError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("0 < loss <= 2", 2.0, True),
        ("0 < loss < 2", 2.0, False),
        ("1 / loss > 1e300", 0.0, True),
        ("loss != loss", np.nan, False),
        ("loss != 1", np.nan, False),
        ("not loss < 1", np.nan, True),
        ("loss ** 2 == 9 and -loss < 0", 3.0, True),
        ("abs(loss) > 2 or loss == 0", -3.0, True),
    ],
)
def test_values(text: str, value: float, expected: bool) -> None:
    assert bool(parse(text).evaluate({LOSS: value})) is expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (("norm",), 55**0.5),
        (("mean",), 2.5),
        (("min",), 0),
        (("max",), 5),
        (("absmax",), 5),
        (("nonfinite",), 0),
        (((1, -1),), 5),
        (((1,), "max"), 5),
        (("std",), np.std(range(6))),
    ],
)
def test_statistics_and_indexes(rest: Any, expected: float) -> None:
    assert number("weight", np.arange(6, dtype=np.float32).reshape(2, 3), rest) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ((), "weight has shape (2, 3): index it, or take .norm"),
        (((0,),), "weight has shape (2, 3): index it"),
        (((2, 0),), "weight has shape (2, 3), which [2,0] is outside of"),
        (((0, 0, 0),), "which [0,0,0] is outside of"),
        (("size",), "weight has no 'size'; there are .norm"),
        (("norm", "norm"), "weight has no 'norm.norm'"),
    ],
)
def test_what_is_no_single_number_is_said(rest: Any, said: str) -> None:
    with pytest.raises(MtorchError) as raised:
        number("weight", np.zeros((2, 3)), rest)
    assert said in str(raised.value)


def test_empty_and_single_tensors() -> None:
    assert number("bias", np.array([3.0]), ()) == 3
    assert np.isnan(number("none", np.zeros((0, 2)), ("max",)))
    assert number("none", np.zeros((0, 2)), ("norm",)) == 0


def test_a_term_is_found_by_its_longest_beginning() -> None:
    (term,) = parse("output[0].norm > 1").terms
    assert term.find({"output[0]": 1, "output": 2}) == ("output[0]", ("norm",))
    assert term.find({"output": 2}) == ("output", ((0,), "norm"))
    assert term.find({"input": 2}) is None
    assert str(term) == "output[0].norm"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("class.weight[0,1] > 1 and not in.bias.norm > 0", ["class.weight[0,1]", "in.bias.norm"]),
        ("rnn.lambda.if.norm > 0 or loss > 1", ["rnn.lambda.if.norm", "loss"]),
        ("conv2d1.weight.max > .5", ["conv2d1.weight.max"]),
        ("not None.weight.min < loss", ["None.weight.min", "loss"]),
    ],
)
def test_keywords_and_digits_are_parts_of_names(text: str, names: list[str]) -> None:
    condition = parse(text)
    assert list(map(str, condition.terms)) == names
    assert str(condition) == text


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("iteration == 7", 7),
        ("iteration < 7", 6),
        ("iteration < 6.5 and loss > 1", 6),
        ("7 >= iteration", 7),
        ("3 < iteration <= 3 * 3", 9),
        ("iteration < 7 or iteration == 20", 20),
        ("iteration < 7 or loss > 1", np.inf),
        ("iteration > 7", np.inf),
        ("not iteration < 7", np.inf),
        ("iteration - 10 < 7", np.inf),
        ("loss", np.inf),
    ],
)
def test_after_which_iteration_it_is_never_true(text: str, last: float) -> None:
    assert parse(text).latest == last


def test_a_keyword_between_numbers_stays_one() -> None:
    assert bool(parse("loss > .5 and.5 > t or not.5 > 1").evaluate({LOSS: 0, T: 0})) is True
    with pytest.raises(MtorchError, match=r"^'class.f\(1\)' has no place"):
        parse("class.f(1) > 0")
