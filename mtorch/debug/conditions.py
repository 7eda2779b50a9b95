"""Conditions such as `grad_input.norm < 1e-7`: read from a text that may come from anywhere, never run as code."""

from __future__ import annotations

import ast
import keyword
import math
import re
import warnings
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from mtorch.errors import MtorchError
from mtorch.layers.base import Array

LONGEST = 200
"""Characters."""

DEEPEST = 32
LARGEST_EXPONENT = 1000

INCREASE = "loss.increase"
"""The one name that is true or false by itself."""

KEYWORD = re.compile(r"(?<=\.)({0})\b|\b({0})(?=\.[^\W\d])".format("|".join(keyword.kwlist)))
"""One with a dot before it, or with a dot and a name behind it: a part of a name, as in class.weight."""

NO_KEYWORD = "ǃ"
"""A letter that no keyword ends with, behind those that are names."""

EXPECTED = "expected a condition such as loss > 0.5"


def extreme(tensor: Array, ufunc: Any) -> Any:
    return ufunc.reduce(tensor, axis=None) if tensor.size else np.nan


STATISTICS: Mapping[str, Callable[[Array], Any]] = {
    "norm": lambda tensor: np.sqrt(np.sum(np.square(tensor))),
    "mean": lambda tensor: np.mean(tensor) if tensor.size else np.nan,
    "min": lambda tensor: extreme(tensor, np.minimum),
    "max": lambda tensor: extreme(tensor, np.maximum),
    "std": lambda tensor: np.std(tensor) if tensor.size else np.nan,
    "absmax": lambda tensor: extreme(np.abs(tensor), np.maximum),
    "nonfinite": lambda tensor: tensor.size - np.isfinite(tensor).sum(),
}


@dataclass(frozen=True)
class Term:
    """A name with what follows it: "rnn.linear.weight[3,7]" is ("rnn", "linear", "weight", (3, 7))."""

    parts: tuple[str | tuple[int, ...], ...]

    def __str__(self) -> str:
        return joined(self.parts)

    @property
    def name(self) -> str:
        """The dotted name alone, as it is to be told of where nothing is called so."""
        parts = [part for part in self.parts if isinstance(part, str)]
        return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] in STATISTICS else parts)

    def find(self, names: Container[str]) -> tuple[str, tuple[str | tuple[int, ...], ...]] | None:
        """The longest beginning that is one of the names, and what is left; None where none is."""
        for length in range(len(self.parts), 0, -1):
            if (name := joined(self.parts[:length])) in names:
                return name, self.parts[length:]
        return None


def joined(parts: tuple[str | tuple[int, ...], ...]) -> str:
    texts = (f".{part}" if isinstance(part, str) else f"[{','.join(map(str, part))}]" for part in parts)
    return "".join(texts).removeprefix(".")


def number(name: str, tensor: Any, rest: tuple[str | tuple[int, ...], ...]) -> float:
    """What indexes and at most one statistic make of a tensor. Raises MtorchError where that isn't one number."""
    array = np.asarray(tensor)
    if array.dtype.kind not in "fiubc":
        raise MtorchError(f"{name} has no numbers: it is of {array.dtype}")
    statistics = ", ".join(f".{statistic}" for statistic in STATISTICS)
    for at, part in enumerate(rest):
        if isinstance(part, str):
            if at + 1 < len(rest) or part not in STATISTICS:
                raise MtorchError(f"{name} has no {joined(rest[at:])!r}; there are {statistics}")
            array = np.abs(array) if array.dtype.kind == "c" else array
            with np.errstate(all="ignore"):
                return float(STATISTICS[part](array.astype(np.float64)))
        try:
            array = np.asarray(array[part])
        except IndexError:
            where = joined((part,))
            raise MtorchError(f"{name} has shape {np.shape(tensor)}, which {where} is outside of") from None
    if array.size != 1:
        raise MtorchError(f"{name} has shape {np.shape(tensor)}: index it, or take {statistics}")
    return float(array.real.item())


class Node(NamedTuple):
    """A part of a condition. `truth`: it is true or false, not a number. `fixed`: no name is in it. `latest`: after
    that iteration it is false, whatever the rest is.
    """

    truth: bool
    fixed: bool
    evaluate: Callable[[Mapping[Term, Any]], Any]
    latest: float = math.inf


@dataclass(frozen=True)
class Condition:
    """`terms` are the names in it, in their order; `truth` is whether it is true or false, not a number. It is false
    after the iteration `latest`, as far as comparisons of `iteration` with numbers say.
    """

    text: str
    terms: tuple[Term, ...] = field(compare=False)
    truth: bool = field(compare=False)
    _evaluate: Callable[[Mapping[Term, Any]], Any] = field(compare=False, repr=False)
    latest: float = field(default=math.inf, compare=False)

    def __str__(self) -> str:
        return self.text

    def evaluate(self, values: Mapping[Term, Any]) -> Any:
        """Of a number for each term, a number or a truth; of arrays of one shape, an array, element by element.

        Division by zero gives inf or NaN, and what is compared with NaN is false.
        """
        with np.errstate(all="ignore"):
            return self._evaluate(values)


def parse(text: str) -> Condition:
    """The condition in a text. Raises MtorchError in one line that names what doesn't belong."""
    text = " ".join(text.split())
    if not text:
        raise MtorchError(f"{EXPECTED}, got nothing")
    if len(text) > LONGEST:
        raise MtorchError(f"{EXPECTED}, at most {LONGEST} characters, got {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python warns of is no condition, and has nothing to do on a screen
            tree = ast.parse(marked := KEYWORD.sub(rf"\g<0>{NO_KEYWORD}", text), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning):
        raise MtorchError(f"{EXPECTED}, got {text[:60]!r}") from None
    reader = Reader(marked)
    node = reader.read(tree.body)
    return Condition(text, tuple(dict.fromkeys(reader.terms)), node.truth, node.evaluate, node.latest)


ARITHMETIC: Mapping[type[ast.operator], Any] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}


def differ(a: Any, b: Any) -> Any:
    """Not equal, and neither is NaN."""
    return np.less(a, b) | np.greater(a, b)


COMPARISONS: Mapping[type[ast.cmpop], Any] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: differ,
}


def is_iteration(node: ast.expr) -> bool:
    """Whether a part of a condition is the iteration's number."""
    return isinstance(node, ast.Name) and node.id == "iteration"


def latest(op: type[ast.cmpop], bound: Any, turned: bool) -> float:
    """The last iteration for which `iteration op bound` is true, or, `turned`, `bound op iteration`."""
    if op in ((ast.Gt, ast.GtE) if turned else (ast.Lt, ast.LtE)) or op is ast.Eq:
        strict = op in (ast.Lt, ast.Gt)
        return float(np.ceil(bound) - 1 if strict else np.floor(bound))
    return math.inf


class Reader:
    """Makes functions of what is allowed in Python's syntax tree, and turns everything else down."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.terms: list[Term] = []

    def read(self, node: ast.expr, depth: int = 0) -> Node:
        if depth > DEEPEST:
            raise MtorchError(f"a condition may be nested {DEEPEST} deep, not more")
        match node:
            case ast.Constant(value=bool() | str() | bytes() | complex() | None):
                raise self._refused(node)
            case ast.Constant(value=int() | float()):
                return self._constant(node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._term(node)
            case ast.Call(func=ast.Name(id="abs"), args=[inner], keywords=[]):
                return self._of_number(np.abs, inner, depth)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._of_number(np.negative, inner, depth)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self._combined(np.logical_not, [self._kind(inner, True, depth)], True)
            case ast.BinOp(op=op) if type(op) in ARITHMETIC:
                left, right = self._kind(node.left, False, depth), self._kind(node.right, False, depth)
                if isinstance(op, ast.Pow) and right.fixed:
                    self._exponent(node.right, right)
                return self._combined(ARITHMETIC[type(op)], [left, right], False)
            case ast.BoolOp(op=op):
                both = np.logical_and if isinstance(op, ast.And) else np.logical_or
                parts = [self._kind(part, True, depth) for part in node.values]
                ends = (min if isinstance(op, ast.And) else max)(part.latest for part in parts)
                return self._combined(lambda *truths: reduce(both, truths), parts, True)._replace(latest=ends)
            case ast.Compare() if all(type(op) in COMPARISONS for op in node.ops):
                return self._compared(node, depth)
        raise self._refused(node)

    def _kind(self, node: ast.expr, truth: bool, depth: int) -> Node:
        found = self.read(node, depth + 1)
        if found.truth != truth:
            raise MtorchError(f"expected {'a comparison' if truth else 'a number'}, got {self._source(node)!r}")
        return found

    @staticmethod
    def _combined(function: Callable[..., Any], parts: list[Node], truth: bool) -> Node:
        evaluations = [part.evaluate for part in parts]
        fixed = all(part.fixed for part in parts)
        return Node(truth, fixed, lambda values: function(*[evaluate(values) for evaluate in evaluations]))

    def _of_number(self, function: Callable[..., Any], node: ast.expr, depth: int) -> Node:
        return self._combined(function, [self._kind(node, False, depth)], False)

    def _compared(self, node: ast.Compare, depth: int) -> Node:
        operands = [node.left, *node.comparators]
        parts = [self._kind(part, False, depth) for part in operands]
        compare = [COMPARISONS[type(op)] for op in node.ops]

        def chain(*numbers: Any) -> Any:
            pairs = zip(compare, numbers, numbers[1:], strict=False)
            return reduce(np.logical_and, [hold(a, b) for hold, a, b in pairs])

        ends = []
        sides = pairwise(zip(operands, parts, strict=True))
        for op, ((left, a), (right, b)) in zip(node.ops, sides, strict=True):
            if is_iteration(left) and b.fixed:
                ends.append(latest(type(op), b.evaluate({}), turned=False))
            elif is_iteration(right) and a.fixed:
                ends.append(latest(type(op), a.evaluate({}), turned=True))
        return self._combined(chain, parts, True)._replace(latest=min(ends, default=math.inf))

    def _constant(self, node: ast.Constant) -> Node:
        try:
            value = np.float64(node.value)  # type: ignore[arg-type]  # an int or a float, by now
        except OverflowError:
            value = np.float64(np.inf)
        if not np.isfinite(value):
            raise MtorchError(f"expected a finite number, got {self._source(node)!r}")
        return Node(False, True, lambda _: value)

    def _exponent(self, node: ast.expr, found: Node) -> None:
        with np.errstate(all="ignore"):
            value = found.evaluate({})
        if not abs(value) <= LARGEST_EXPONENT:
            raise MtorchError(f"expected an exponent of at most {LARGEST_EXPONENT}, got {self._source(node)!r}")

    def _term(self, node: ast.expr) -> Node:
        parts: list[str | tuple[int, ...]] = []
        at: ast.expr = node
        while not isinstance(at, ast.Name):
            match at:
                case ast.Attribute():
                    parts.append(at.attr.removesuffix(NO_KEYWORD))
                case ast.Subscript():
                    parts.append(self._index(at.slice))
                case _:
                    raise self._refused(at)
            at = at.value
        term = Term((at.id.removesuffix(NO_KEYWORD), *reversed(parts)))
        if any(isinstance(part, str) and part.startswith("_") for part in term.parts):
            raise MtorchError(f"no name in a condition begins with _, got {self._source(node)!r}")
        self.terms.append(term)
        return Node(str(term) == INCREASE, False, lambda values: values[term])

    def _index(self, node: ast.expr) -> tuple[int, ...]:
        numbers = []
        for part in node.elts if isinstance(node, ast.Tuple) else [node]:
            match part:
                case ast.Constant(value=int(n)) if not isinstance(n, bool) and n < 2**31:
                    numbers.append(n)
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(n))) if type(n) is int and n < 2**31:
                    numbers.append(-n)
                case _:
                    raise MtorchError(f"expected whole numbers as indexes, got {self._source(node)!r}")
        return tuple(numbers)

    def _refused(self, node: ast.expr) -> MtorchError:
        allowed = "names, numbers, comparisons, and or not, + - * / % **, abs()"
        return MtorchError(f"{self._source(node)!r} has no place in a condition; it is made of {allowed}")

    def _source(self, node: ast.expr) -> str:
        # Not unparse, which recurses as deep as the text is nested.
        return (ast.get_source_segment(self.text, node) or self.text).replace(NO_KEYWORD, "")[:40]
